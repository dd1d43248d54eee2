//! Which processor this is, as far as native code cares.

use std::fmt::Write as _;

/// A text that is equal on two machines where code compiled for one's native target runs on the other.
///
/// Vendor, family, model and the feature words that decide instruction sets; not the stepping or the
/// clock, which do not. Empty where it cannot be told, which never equals a real one of another system
/// because architecture and operating system are compared beside it.
#[cfg(target_arch = "x86_64")]
pub(crate) fn processor_fingerprint() -> String {
    let cpuid = raw_cpuid::CpuId::new();
    let mut text =
        cpuid.get_vendor_info().map_or_else(|| "unknown".to_owned(), |vendor| vendor.as_str().to_owned());
    if let Some(features) = cpuid.get_feature_info() {
        let _ = write!(text, " family {} model {}", features.family_id(), features.model_id());
    }
    // Raw feature words: leaf 1 (ecx, edx), leaf 7 (ebx, ecx, edx), extended leaf 1 (ecx, edx).
    // Leaf 1's ebx holds the local APIC number, and its ecx bit 27 (OSXSAVE) is the same for a boot.
    let basic = raw_cpuid::cpuid!(1);
    let structured = raw_cpuid::cpuid!(7, 0);
    let extended = raw_cpuid::cpuid!(0x8000_0001);
    for word in
        [basic.ecx, basic.edx, structured.ebx, structured.ecx, structured.edx, extended.ecx, extended.edx]
    {
        let _ = write!(text, " {word:08x}");
    }
    text
}

/// A text that is equal on two machines where code compiled for one's native target runs on the other.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn processor_fingerprint() -> String {
    let mut text = std::env::consts::ARCH.to_owned();
    if let Ok(information) = fs_err::read_to_string("/proc/cpuinfo") {
        let mut lines: Vec<&str> = information
            .lines()
            .filter(|line| line.starts_with("CPU part") || line.starts_with("Features"))
            .collect();
        lines.sort_unstable();
        lines.dedup();
        for line in lines {
            let _ = write!(text, " {line}");
        }
    }
    text
}
