//! Identifies this machine's processor, as far as native code depends on it.

use std::fmt::Write as _;

/// Returns the processor's fingerprint: machines with equal fingerprints can run each other's native code.
///
/// Vendor, family, model and the feature words that decide instruction sets, but neither stepping nor clock.
/// Architecture and operating system are not part of it: they are compared beside it. Computed at every start: each
/// `cpuid` takes microseconds in a virtual machine.
#[cfg(target_arch = "x86_64")]
pub(crate) fn processor_fingerprint() -> String {
    let first = raw_cpuid::cpuid!(0);
    let vendor: Vec<u8> =
        [first.ebx, first.edx, first.ecx].iter().flat_map(|word| word.to_le_bytes()).collect();
    let mut text = String::from_utf8(vendor).unwrap_or_else(|_| "unknown".to_owned());
    let (signature, words) = feature_words();
    let (family, model) = (signature >> 8 & 0xf, signature >> 4 & 0xf);
    let (further_family, further_model) = (signature >> 20 & 0xff, signature >> 16 & 0xf);
    let model = if matches!(family, 6 | 0xf) { further_model << 4 | model } else { model };
    let family = if family == 0xf { family + further_family } else { family };
    let _ = write!(text, " family {family} model {model}");
    for word in words {
        let _ = write!(text, " {word:08x}");
    }
    text
}

/// Returns the signature and the raw feature words: leaf 1 (ecx, edx), leaf 7 (ebx, ecx, edx), extended leaf 1 (ecx,
/// edx).
///
/// Leaf 1's ebx is left out: it holds the local APIC number. Its ecx bit 27 (OSXSAVE) is constant during a boot.
#[cfg(target_arch = "x86_64")]
fn feature_words() -> (u32, [u32; 7]) {
    let basic = raw_cpuid::cpuid!(1);
    let structured = raw_cpuid::cpuid!(7, 0);
    let extended = raw_cpuid::cpuid!(0x8000_0001);
    let words =
        [basic.ecx, basic.edx, structured.ebx, structured.ecx, structured.edx, extended.ecx, extended.edx];
    (basic.eax, words)
}

/// Returns the features of this machine's processor, as the words of bits that Julia uses.
#[cfg(target_arch = "x86_64")]
pub(crate) fn processor_features() -> Vec<u32> {
    let mut features = feature_words().1.to_vec();
    features.extend(further_words());
    withdraw_what_the_system_hides(&mut features);
    features
}

/// Reads the further words that Julia uses: of the leaves 0xd, 0x80000008, 7.1 (two of them; the second since 1.12) and
/// 0x14 (`_get_host_cpu`, `src/processor_x86.cpp` 1.12.5 and at the branch point of 1.13).
#[cfg(target_arch = "x86_64")]
fn further_words() -> [u32; 5] {
    let last = raw_cpuid::cpuid!(0).eax;
    let last_extended = raw_cpuid::cpuid!(0x8000_0000).eax;
    let has_second_part = last >= 7 && raw_cpuid::cpuid!(7, 0).eax >= 1;
    [
        if last >= 0xd { raw_cpuid::cpuid!(0xd, 1).eax } else { 0 },
        if last_extended >= 0x8000_0008 { raw_cpuid::cpuid!(0x8000_0008).ebx } else { 0 },
        if has_second_part { raw_cpuid::cpuid!(7, 1).eax } else { 0 },
        if has_second_part { raw_cpuid::cpuid!(7, 1).ebx } else { 0 },
        if last >= 0x14 { raw_cpuid::cpuid!(0x14, 0).ebx } else { 0 },
    ]
}

/// Clears the features whose registers the operating system does not save for programs, as Julia does
/// (`_get_host_cpu`).
#[cfg(target_arch = "x86_64")]
fn withdraw_what_the_system_hides(features: &mut [u32]) {
    /// AVX-512 in the words of leaf 7: F, DQ, IFMA, PF, ER, CD, BW, VL; then VBMI.
    const WIDE: [(usize, u32); 2] = [(2, 0xdc23_0000), (3, 1 << 1)];
    /// XSAVE, AVX, F16C and FMA; AVX2; FMA4 and XOP; all of XSAVE's variants.
    const VECTOR: [(usize, u32); 4] =
        [(0, 1 << 26 | 1 << 28 | 1 << 29 | 1 << 12), (2, 1 << 5), (5, 1 << 16 | 1 << 11), (7, 0b1011)];
    let mut withdraw = |bits: &[(usize, u32)]| {
        for (place, mask) in bits {
            if let Some(word) = features.get_mut(*place) {
                *word &= !mask;
            }
        }
    };
    let has_vectors = std::arch::is_x86_feature_detected!("avx");
    if !has_vectors {
        withdraw(&VECTOR);
    }
    if !has_vectors || !std::arch::is_x86_feature_detected!("avx512f") {
        withdraw(&WIDE);
    }
}

/// Returns the processor's fingerprint: machines with equal fingerprints can run each other's native code.
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

/// Returns no features: they are not known here.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn processor_features() -> Vec<u32> {
    Vec::new()
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    /// If the fingerprint changed, every image would be built once more.
    #[test]
    fn the_fingerprint_is_what_the_processor_says() {
        let cpuid = raw_cpuid::CpuId::new();
        let (vendor, features) = (cpuid.get_vendor_info(), cpuid.get_feature_info());
        let (vendor, features) = (vendor.expect("a vendor"), features.expect("features"));
        let start =
            format!("{} family {} model {} ", vendor.as_str(), features.family_id(), features.model_id());
        let fingerprint = processor_fingerprint();
        assert!(fingerprint.starts_with(&start), "{fingerprint}");
        let read = crate::model::image::processor::Processor::of_fingerprint(&fingerprint);
        let words = processor_features();
        assert_eq!((read.features.len(), words.len()), (7, 12));
        // No operating system hides this word.
        assert_eq!(read.features[1], words[1]);
    }
}
