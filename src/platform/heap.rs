//! Memory that was freed is used again, in place of being given back to the system and asked for anew.

use std::hint::black_box;

/// musl's own takes half as long again for a decision on two thousand packages: it gives each block back at once.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// Blocks of up to this size are taken from the heap, in bytes: a manifest of two thousand packages needs none that is
/// larger while it is read.
const LARGEST: usize = 16 << 20;

/// By this much the heap grows at once, in bytes.
const GROWTH: usize = LARGEST / 2;

/// Keeps freed memory from here on. For commands that read projects, where page faults were a fifth of the time; a start
/// whose decision stands needs hardly any memory.
///
/// glibc gives a large block a mapping of its own, which goes back to the system when the block is freed. But a freed one
/// raises the size from which that is done to its own, and what is kept at the end of the heap to twice that
/// (`M_MMAP_THRESHOLD`, mallopt(3)). Nothing is written into these two blocks, so they take no memory.
pub(crate) fn keep_freed_memory() {
    if cfg!(all(target_os = "linux", target_env = "gnu")) {
        for size in [LARGEST, GROWTH] {
            drop(black_box(Vec::<u8>::with_capacity(size)));
        }
    }
}

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
mod tests {
    use nix::sys::resource::{UsageWho, getrusage};

    use super::*;

    /// Page faults of writing to a new block.
    fn faults_of(bytes: usize) -> i64 {
        let faults = || getrusage(UsageWho::RUSAGE_THREAD).expect("usage").minor_page_faults();
        let before = faults();
        drop(black_box(vec![1_u8; bytes]));
        faults() - before
    }

    #[test]
    fn a_block_that_was_freed_is_used_again() {
        const SIZE: usize = 4 << 20;
        keep_freed_memory();
        let (first, second) = (faults_of(SIZE), faults_of(SIZE));
        assert!(first > 100 && second < first / 10, "{first} faults, then {second}");
    }
}
