//! Finds a symbol's bytes in a shared library of Linux, macOS or Windows.

#[cfg(test)]
mod tests;

use object::read::elf::ElfFile64;
use object::read::{ExportTarget, NameOrOrdinal};
use object::{File, Object, ObjectSegment, ObjectSymbol, ReadRef, RelocationFlags, elf};

/// A symbol: its address in memory and its size, 0 where the format does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Symbol {
    pub(crate) address: u64,
    pub(crate) size: u64,
}

/// A shared library.
#[derive(Debug)]
pub(crate) struct Library<'data, R: ReadRef<'data>>(File<'data, R>);

impl<'data, R: ReadRef<'data>> Library<'data, R> {
    /// Reads the head of a library. `None` if this is none for 64 bits.
    pub(crate) fn open(bytes: R) -> Option<Self> {
        File::parse(bytes).ok().filter(File::is_64).map(Self)
    }

    /// Returns the symbol of this name: first among those that the loader sees, then among all that were not stripped.
    pub(crate) fn symbol(&self, name: &str) -> Option<Symbol> {
        // Each name of C begins so on macOS.
        let prefix: &[u8] = if matches!(self.0, File::MachO64(_)) { b"_" } else { b"" };
        let is_it = |found: &[u8]| found.strip_prefix(prefix) == Some(name.as_bytes());
        let of_symbol = |symbol: object::Symbol<'data, '_, R>| {
            let is_it = symbol.is_definition() && symbol.name_bytes().is_ok_and(is_it);
            is_it.then(|| Symbol { address: symbol.address(), size: symbol.size() })
        };
        let seen = self.0.dynamic_symbols().find_map(of_symbol);
        seen.or_else(|| self.exported(is_it)).or_else(|| self.0.symbols().find_map(of_symbol))
    }

    /// Windows has a table of its own for what the loader sees.
    fn exported(&self, is_it: impl Fn(&[u8]) -> bool) -> Option<Symbol> {
        let exports = matches!(self.0, File::Pe64(_)).then(|| self.0.exports().ok()).flatten()?;
        exports.flatten().find_map(|export| match (export.name(), export.target()) {
            (NameOrOrdinal::Name(name), ExportTarget::Address { address, .. }) if is_it(name) => {
                Some(Symbol { address, size: 0 })
            }
            _ => None,
        })
    }

    /// Returns up to `most` bytes of the data loaded at `address`; fewer if the file holds no more there.
    pub(crate) fn read(&self, address: u64, most: usize) -> Option<&'data [u8]> {
        self.0.segments().find_map(|segment| {
            let left = segment.address().checked_add(segment.size())?.checked_sub(address)?;
            let length = left.min(u64::try_from(most).ok()?);
            segment.data_range(address, length).ok().flatten()
        })
    }

    /// Returns the pointer that the loader puts at `address`.
    pub(crate) fn pointer(&self, address: u64) -> Option<u64> {
        /// Bits of the address in a pointer of a chain (`DYLD_CHAINED_PTR_64`, `mach-o/fixup-chains.h`): the rest leads
        /// to the next one. A library of macOS begins at 0, so that an offset in it is an address.
        const CHAINED: u64 = (1 << 36) - 1;
        let written = || {
            let bytes = self.read(address, 8)?.first_chunk()?;
            Some(u64::from_le_bytes(*bytes)).filter(|pointer| *pointer != 0)
        };
        match &self.0 {
            File::Elf64(file) => relocated(file, address).or_else(written),
            File::MachO64(_) => written().map(|pointer| pointer & CHAINED),
            _ => written(),
        }
    }
}

/// The pointer that a relocation of Linux puts at `address`.
fn relocated<'data, R: ReadRef<'data>>(
    file: &ElfFile64<'data, object::Endianness, R>,
    address: u64,
) -> Option<u64> {
    const RELATIVE: [elf::RelocationType; 2] = [elf::R_X86_64_RELATIVE, elf::R_AARCH64_RELATIVE];
    let mut relocations = file.dynamic_relocations()?.filter(|(place, _)| *place == address);
    relocations.find_map(|(_, relocation)| match relocation.flags() {
        RelocationFlags::Elf { r_type } if RELATIVE.contains(&r_type) => {
            u64::try_from(relocation.addend()).ok()
        }
        _ => None,
    })
}
