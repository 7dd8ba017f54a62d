// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
#include "collector/query/demangle.h"

#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace lambent::collector {
namespace {

struct Pair {
  const char* symbol;
  const char* text;
};

class MangledTest : public ::testing::TestWithParam<Pair> {};

TEST_P(MangledTest, IsWrittenAsItsSourceHasIt) {
  EXPECT_EQ(Demangled(GetParam().symbol), GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Cpp, MangledTest,
    ::testing::Values(
        Pair{"_ZN3foo3barEi", "foo::bar(int)"},
        // What the optimiser made of a function.
        Pair{"_ZN3foo3barEi.constprop.0", "foo::bar(int) [clone .constprop.0]"},
        Pair{"_Z3fooi.isra.0", "foo(int) [clone .isra.0]"},
        Pair{"_Z3fooi.part.0.cold", "foo(int) [clone .part.0] [clone .cold]"},
        Pair{"work.constprop.0", "work.constprop.0"},
        // Lambdas, local classes, anonymous namespaces, operators, what has internal linkage.
        Pair{"_ZZ4mainENKUliE_clEi", "main::{lambda(int)#1}::operator()(int) const"},
        Pair{"_ZZN1a1fEvEN5Local4callEv", "a::f()::Local::call()"},
        Pair{"_ZN12_GLOBAL__N_16hiddenEv", "(anonymous namespace)::hidden()"},
        Pair{"_ZL6statici", "static(int)"}, Pair{"_ZN1AC4Ev", "A::A()"},
        Pair{"_ZNSt6vectorIiSaIiEE9push_backEOi",
             "std::vector<int, std::allocator<int> >::push_back(int&&)"},
        Pair{"_ZN1aplERKNS_1bES2_", "a::operator+(a::b const&, a::b const&)"}));

INSTANTIATE_TEST_SUITE_P(
    RustLegacy, MangledTest,
    ::testing::Values(
        Pair{"_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad"},
        Pair{"_ZN4core3ptr85drop_in_place$LT$std..rt..lang_start$LT$$LP$$RP$$GT$..$u7b$$u7b$closure"
             "$u7d$$u7d$$GT$17h2fd0b1ab5fc5a5d5E",
             "core::ptr::drop_in_place<std::rt::lang_start<()>::{{closure}}>"},
        Pair{"_ZN3std2rt10lang_start17h0123456789abcdefE.llvm.12345", "std::rt::lang_start"},
        // C++ that only looks like it: no hash.
        Pair{"_ZN4core17h0123456789abcdeXE", "core::h0123456789abcdeX"}));

// Examples of RFC 2603 and of its test suite's shapes.
INSTANTIATE_TEST_SUITE_P(
    RustV0, MangledTest,
    ::testing::Values(
        Pair{"_RNvC7mycrate3foo", "mycrate::foo"},
        Pair{"_RNvCskwGfYPst2Cb_7mycrate3foo", "mycrate::foo"},
        Pair{"_RNvMs0_NtCs1234_7mycrate3modINtB5_3FooppE3bar", "<mycrate::mod::Foo<_, _>>::bar"},
        Pair{"_RNCNvC7mycrate4main0", "mycrate::main::{closure#0}"},
        Pair{"_RINvC7mycrate3fooNvNtC3std3mem8align_ofE", "mycrate::foo::<std::mem::align_of>"},
        Pair{"_RINvC7mycrate4callFG_RL0_hEuE", "mycrate::call::<for<'a> fn(&'a u8)>"},
        Pair{"_RIC0Kj7b_E", "::<123>"}));

TEST(DemangledTest, ReturnsWhatIsNotMangledAsItIs) {
  for (const char* name : {"", "main", "_Znonsense", "_R", "_RNv", "_Z", "Rust", "_start"}) {
    EXPECT_EQ(Demangled(name), name);
  }
}

TEST(DemangledTest, LeavesNamesWhoseTextWouldExplode) {
  // f(pair<A,A>, pair<that,that>, pair<that,that>, …): the text doubles with each reference.
  std::string symbol = "_Z1fSt4pairI1AS0_E";
  const std::string digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (size_t i = 1; i < 36; ++i) {
    const std::string reference = std::string("S") + digits[i] + "_";
    symbol += "St4pairI" + reference + reference + "E";
  }
  EXPECT_EQ(Demangled(symbol), symbol);
}

// The number in front of '_' that stands for `value` (RFC 2603, base-62-number).
std::string Base62(size_t value) {
  constexpr std::string_view kDigits =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  if (value == 0) return "_";
  std::string text;
  for (size_t rest = value - 1; text.empty() || rest != 0; rest /= 62) {
    text.insert(text.begin(), kDigits[rest % 62]);
  }
  return text + "_";
}

TEST(DemangledTest, LeavesRustNamesWhoseTextWouldExplode) {
  // f::<(u8, u8), (that, that), (that, that), …>, counted from behind the "_R".
  std::string body = "INvC1a1fThhE";
  size_t before = body.size() - 4;
  for (int i = 0; i < 100; ++i) {
    const std::string reference = "B" + Base62(before);
    before = body.size();
    body += "T" + reference + reference + "E";
  }
  EXPECT_EQ(Demangled("_R" + body + "E"), "_R" + body + "E");
  // A type that is made of itself.
  EXPECT_EQ(Demangled("_RINvC1a1fTB7_B7_EE"), "_RINvC1a1fTB7_B7_EE");
  // for<'a, 'b, … of more lifetimes than there are letters in all names.
  EXPECT_EQ(Demangled("_RINvC1a1fFGzzzzzzzz_EuE"), "_RINvC1a1fFGzzzzzzzz_EuE");
}

TEST(DemangledTest, BoundsTheDepth) {
  const std::string cpp = "_Z1f" + std::string(4000, 'P') + "i";
  const std::string rust = "_RINvC1a1f" + std::string(4000, 'R') + "hE";
  EXPECT_FALSE(Demangled(cpp).empty());
  EXPECT_EQ(Demangled(rust), rust);
}

}  // namespace
}  // namespace lambent::collector
