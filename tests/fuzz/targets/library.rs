#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| jlproj::fuzzing::library(bytes));
