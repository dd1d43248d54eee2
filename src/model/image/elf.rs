//! Finds a symbol's bytes in a shared library of Linux. Reads no more of the file than needed, holds no more than one
//! chunk of it, and trusts nothing in it.

#[cfg(test)]
mod tests;

/// Bytes that can be read from any place.
pub(crate) trait RandomAccess {
    /// Fills `buffer` with the bytes at `offset`; `None` if there are fewer.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Option<()>;
}

impl RandomAccess for &[u8] {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Option<()> {
        let start = usize::try_from(offset).ok()?;
        let end = start.checked_add(buffer.len())?;
        buffer.copy_from_slice(self.get(start..end)?);
        Some(())
    }
}

/// Number of bytes read at once.
const CHUNK: usize = 64 << 10;

/// Tables of names or symbols are searched no further than this: those of an image of a thousand packages take ten
/// megabytes.
const LONGEST_TABLE: u64 = 256 << 20;

/// Limit for sections and for segments: no linker makes so many.
const MOST_PARTS: u16 = 4096;

/// A 64-bit little-endian ELF file.
pub(crate) struct Elf<'a> {
    bytes: &'a dyn RandomAccess,
    sections: Vec<Section>,
    segments: Vec<Segment>,
}

/// A symbol: its address in memory and its size, 0 if unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Symbol {
    pub(crate) address: u64,
    pub(crate) size: u64,
}

#[derive(Clone, Copy)]
struct Section {
    kind: u32,
    offset: u64,
    size: u64,
    /// The section with the names of this one's symbols.
    link: u32,
}

/// A part of the file that is loaded.
#[derive(Clone, Copy)]
struct Segment {
    offset: u64,
    address: u64,
    size: u64,
}

impl<'a> Elf<'a> {
    /// Reads the tables of sections and segments. `None` if this is no such file.
    pub(crate) fn open(bytes: &'a dyn RandomAccess) -> Option<Self> {
        let mut header = [0; 64];
        bytes.read_at(0, &mut header)?;
        if header[..7] != *b"\x7fELF\x02\x01\x01" {
            return None;
        }
        let (segments_at, sections_at) = (u64_at(&header, 32)?, u64_at(&header, 40)?);
        // The sizes of their entries have never changed.
        if (u16_at(&header, 54)?, u16_at(&header, 58)?) != (56, 64) {
            return None;
        }
        let count = |place| u16_at(&header, place).map(|count| count.min(MOST_PARTS));
        let segments = table(bytes, segments_at, count(56)?, |entry: &[u8; 56]| {
            const LOADED: u32 = 1;
            let (offset, address) = (u64_at(entry, 8)?, u64_at(entry, 16)?);
            let segment = Segment { offset, address, size: u64_at(entry, 32)? };
            (u32_at(entry, 0)? == LOADED).then_some(segment)
        })?;
        let sections = table(bytes, sections_at, count(60)?, |entry: &[u8; 64]| {
            Some(Section {
                kind: u32_at(entry, 4)?,
                offset: u64_at(entry, 24)?,
                size: u64_at(entry, 32)?,
                link: u32_at(entry, 40)?,
            })
        })?;
        Some(Self { bytes, sections, segments })
    }

    /// Returns the symbol of this name: first among those that the loader sees, then among all that were not stripped.
    pub(crate) fn symbol(&self, name: &str) -> Option<Symbol> {
        const DYNAMIC: u32 = 11;
        const ALL: u32 = 2;
        let of_kind = |kind| self.sections.iter().filter(move |section| section.kind == kind);
        of_kind(DYNAMIC).chain(of_kind(ALL)).find_map(|section| self.symbol_in(section, name))
    }

    fn symbol_in(&self, symbols: &Section, name: &str) -> Option<Symbol> {
        let names = self.sections.get(usize::try_from(symbols.link).ok()?)?;
        let places = self.places(names, name);
        if places.is_empty() {
            return None;
        }
        self.entries(symbols, |entry: &[u8; 24]| {
            let (section, place) = (u16_at(entry, 6)?, u32_at(entry, 0)?);
            let is_defined = section != 0 && places.contains(&u64::from(place));
            is_defined.then_some(Symbol { address: u64_at(entry, 8)?, size: u64_at(entry, 16)? })
        })
    }

    /// Returns the offsets of a name in a table of names. It may be the end of a longer name: linkers share such names.
    fn places(&self, names: &Section, name: &str) -> Vec<u64> {
        const MOST: usize = 64;
        let wanted = [name.as_bytes(), &[0]].concat();
        let size = names.size.min(LONGEST_TABLE);
        let mut places = Vec::new();
        let mut start = 0;
        let mut buffer = vec![0; CHUNK];
        while start < size && places.len() < MOST {
            let length = usize::try_from(size - start).map_or(CHUNK, |left| left.min(CHUNK));
            let Some(chunk) = buffer.get_mut(..length) else { break };
            let Some(offset) = names.offset.checked_add(start) else { break };
            if self.bytes.read_at(offset, chunk).is_none() {
                break;
            }
            let found = chunk.windows(wanted.len()).enumerate().filter(|(_, window)| *window == wanted);
            places.extend(found.map(|(place, _)| start + place as u64));
            // A name may lie across the end of a chunk.
            let step = length.saturating_sub(wanted.len() - 1).max(1);
            start += step as u64;
            if length < CHUNK {
                break;
            }
        }
        places
    }

    /// Returns the first result that `pick` has for an entry of a table.
    fn entries<const SIZE: usize, Found>(
        &self,
        section: &Section,
        pick: impl Fn(&[u8; SIZE]) -> Option<Found>,
    ) -> Option<Found> {
        let size = section.size.min(LONGEST_TABLE);
        let whole = CHUNK / SIZE * SIZE;
        let mut buffer = vec![0; whole];
        let mut start = 0;
        while start < size {
            let length = usize::try_from(size - start).map_or(whole, |left| left.min(whole));
            let chunk = buffer.get_mut(..length)?;
            self.bytes.read_at(section.offset.checked_add(start)?, chunk)?;
            if let Some(found) = chunk.as_chunks::<SIZE>().0.iter().find_map(&pick) {
                return Some(found);
            }
            start += length as u64;
        }
        None
    }

    /// Returns up to `most` bytes of the data loaded at `address`; fewer if the file holds no more there.
    pub(crate) fn read(&self, address: u64, most: usize) -> Option<Vec<u8>> {
        let segment = self.segments.iter().find(|segment| {
            address.checked_sub(segment.address).is_some_and(|distance| distance < segment.size)
        })?;
        let distance = address - segment.address;
        let left = usize::try_from(segment.size - distance).unwrap_or(usize::MAX);
        let mut buffer = vec![0; left.min(most).min(CHUNK)];
        self.bytes.read_at(segment.offset.checked_add(distance)?, &mut buffer)?;
        Some(buffer)
    }

    /// Returns the pointer that the loader puts at `address`: that of a relocation, else the one in the file.
    pub(crate) fn pointer(&self, address: u64) -> Option<u64> {
        const RELOCATIONS: u32 = 4;
        /// `R_X86_64_RELATIVE` and `R_AARCH64_RELATIVE`.
        const RELATIVE: [u64; 2] = [8, 1027];
        let tables = self.sections.iter().filter(|section| section.kind == RELOCATIONS);
        let relocated = tables.clone().find_map(|section| {
            self.entries(section, |entry: &[u8; 24]| {
                let is_it = u64_at(entry, 0)? == address && RELATIVE.contains(&u64_at(entry, 8)?);
                is_it.then_some(u64_at(entry, 16)?)
            })
        });
        let written = || u64_at(&self.read(address, 8)?, 0).filter(|pointer| *pointer != 0);
        relocated.or_else(written)
    }
}

/// Reads a table of entries of one size. `None` if the file ends first.
fn table<const SIZE: usize, Entry>(
    bytes: &dyn RandomAccess,
    offset: u64,
    count: u16,
    read: impl Fn(&[u8; SIZE]) -> Option<Entry>,
) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    for index in 0..u64::from(count) {
        let mut entry = [0; SIZE];
        bytes.read_at(offset.checked_add(index * SIZE as u64)?, &mut entry)?;
        entries.extend(read(&entry));
    }
    Some(entries)
}

fn u16_at(bytes: &[u8], place: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(place..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], place: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(place..)?.first_chunk()?))
}

fn u64_at(bytes: &[u8], place: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(place..)?.first_chunk()?))
}
