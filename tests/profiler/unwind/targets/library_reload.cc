// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// A library loaded and unloaded all the time: what lies at an address changes.
#include <dlfcn.h>

#include "target.h"

NAMED void CaseLibraryUser(const char* name, const char* function) {
  void* library = dlopen(name, RTLD_NOW);
  if (library == nullptr) return;
  const auto call = reinterpret_cast<double (*)(double)>(dlsym(library, function));
  if (call != nullptr) {
    for (int i = 0; i < 2000; ++i) work.fetch_add(static_cast<unsigned long>(call(i)));
  }
  dlclose(library);
  STAY;
}

int main() {
  Ready();
  for (;;) {
    CaseLibraryUser("libm.so.6", "cbrt");
    CaseLibraryUser("libresolv.so.2", "none");
  }
}
