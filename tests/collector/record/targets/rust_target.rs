// SPDX-FileCopyrightText: The Lambent Authors
// SPDX-License-Identifier: Apache-2.0
// A native program of another language: main calls outer, into which inner is inlined. One argument:
// how many seconds.
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

static SUM: AtomicU64 = AtomicU64::new(1);

#[inline(always)]
fn inner<T: Into<u64>>(rounds: T) {
    for i in 0..rounds.into() {
        SUM.fetch_xor(i, Ordering::Relaxed);
    }
}

#[inline(never)]
fn outer(rounds: u32) {
    inner(rounds);
}

fn main() {
    let seconds: f64 = std::env::args().nth(1).map_or(0.0, |text| text.parse().unwrap());
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    while Instant::now() < end {
        outer(1_000_000);
    }
}
