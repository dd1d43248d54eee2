//! A set of packages: one bit for each place in the list.

/// Sets are compared and combined with sets for the same list only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PackageSet {
    words: Vec<u64>,
}

impl PackageSet {
    /// The set of these places in a list of `length` packages.
    pub(super) fn of(places: impl IntoIterator<Item = usize>, length: usize) -> Self {
        let mut words = vec![0; length.div_ceil(64)];
        for place in places {
            words[place / 64] |= 1 << (place % 64);
        }
        Self { words }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    pub(super) fn is_subset(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).all(|(own, other)| own & !other == 0)
    }

    pub(super) fn is_disjoint(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).all(|(own, other)| own & other == 0)
    }

    pub(super) fn intersect(&mut self, other: &Self) {
        for (own, other) in self.words.iter_mut().zip(&other.words) {
            *own &= other;
        }
    }

    pub(super) fn unite(&mut self, other: &Self) {
        for (own, other) in self.words.iter_mut().zip(&other.words) {
            *own |= other;
        }
    }

    pub(super) fn remove(&mut self, other: &Self) {
        for (own, other) in self.words.iter_mut().zip(&other.words) {
            *own &= !other;
        }
    }

    pub(super) fn intersection(&self, other: &Self) -> Self {
        let mut common = self.clone();
        common.intersect(other);
        common
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        let mut all = self.clone();
        all.unite(other);
        all
    }

    /// The places in the set, in order.
    pub(super) fn places(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(index, word)| places_in_word(index, *word))
    }

    /// Returns the number of places in both sets.
    pub(super) fn common_count(&self, other: &Self) -> u32 {
        self.words.iter().zip(&other.words).map(|(own, other)| (own & other).count_ones()).sum()
    }

    /// The places in both sets, in order.
    pub(super) fn common_places<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = usize> + 'a {
        let words = self.words.iter().zip(&other.words).enumerate();
        words.flat_map(|(index, (own, other))| places_in_word(index, own & other))
    }
}

/// The places that the bits of the word at this index stand for.
fn places_in_word(index: usize, mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        if word == 0 {
            return None;
        }
        let bit = word.trailing_zeros() as usize;
        word &= word - 1;
        Some(index * 64 + bit)
    })
}
