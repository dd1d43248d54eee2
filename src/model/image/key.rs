//! The inputs of an image, and their digest: the key. The only place that hashes for keys.

mod json;

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::model::image::bake::Selection;
use crate::model::loading::manifest::{Manifest, Package, Source};

/// Version of the inputs of a key and of their form. A change makes every image be built once more.
pub(crate) const KEY_VERSION: u32 = 3;

/// A SHA-256 digest in lower case hexadecimal digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Digest([u8; Digest::LENGTH]);

impl Digest {
    const LENGTH: usize = 64;

    /// The digest of `bytes`.
    #[must_use]
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self::from_hash(&Sha256::digest(bytes).into())
    }

    /// The text form of a hash that was computed piece by piece.
    #[must_use]
    pub(crate) fn from_hash(hash: &[u8; Digest::LENGTH / 2]) -> Self {
        let mut text = [0; Self::LENGTH];
        for (pair, byte) in text.chunks_exact_mut(2).zip(hash) {
            pair.copy_from_slice(&digits(*byte));
        }
        Self(text)
    }

    /// Reads a digest from its text form, if `text` has it.
    #[must_use]
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: &u8| DIGITS.contains(byte);
        text.as_bytes()
            .try_into()
            .ok()
            .filter(|text: &[u8; Self::LENGTH]| text.iter().all(is_digit))
            .map(Self)
    }

    /// All 64 digits.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("digits are text")
    }

    /// The first twelve digits: enough to distinguish images on a screen.
    #[must_use]
    pub(crate) fn short(&self) -> &str {
        &self.as_str()[..12]
    }
}

impl TryFrom<String> for Digest {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not 64 hexadecimal digits")
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The two lower case hexadecimal digits of a byte.
fn digits(byte: u8) -> [u8; 2] {
    [byte >> 4, byte & 0xf].map(|digit| DIGITS[usize::from(digit)])
}

/// Bytes in lower case hexadecimal digits.
#[must_use]
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| digits(*byte)).map(char::from).collect()
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Digest({})", self.short())
    }
}

/// Identity of the Julia that an image is for. Two Julias of one identity can use each other's images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JuliaIdentity {
    /// `VERSION`.
    pub(crate) version: String,
    /// `Base.GIT_VERSION_INFO.commit`; empty in Debian's builds.
    pub(crate) commit: String,
    /// `Sys.ARCH`.
    pub(crate) architecture: String,
    /// `Sys.KERNEL`.
    pub(crate) system: String,
    /// Digest of the contents of the default image: distinguishes two builds of one version.
    pub(crate) default_image: Digest,
}

/// A package as it is in an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BakedPackage {
    pub(crate) name: String,
    pub(crate) uuid: Uuid,
    /// As in the manifest; empty for most standard libraries.
    pub(crate) version: String,
    /// `git-tree-sha1` of the manifest; empty for standard libraries, whose code is Julia's own.
    pub(crate) tree: String,
    /// The canonical text of its preferences; empty if it has none.
    pub(crate) preferences: String,
    /// Digest of the package and, through their digests, of all its dependencies.
    pub(crate) digest: Digest,
}

/// A file of the project whose contents steer the build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SteeringFile {
    /// Relative to the project's folder, with `/`.
    pub(crate) path: String,
    pub(crate) digest: Digest,
}

/// All inputs of an image.
///
/// | field | why it is in the key |
/// |---|---|
/// | `key_version` | an older jlproj computed keys differently |
/// | `julia` | an image works only with the very Julia that wrote it |
/// | `cpu_target` | native code is for one kind of processor |
/// | `processor` | `native` means another thing on another machine |
/// | `builder` | builders write different images from the same packages |
/// | `template` | so do two versions of our own scripts |
/// | `packages` | the code; sorted by UUID |
/// | `workload` | files that are run while tracing decide what is compiled |
/// | `statements` | so do lists of statements |
/// | `arguments` | flags of the Julia that generates the code |
/// | `depots` | paths of packages and artifacts are frozen in the image |
/// | `other_preferences` | a package may read those of one that is only named (`[extras]`); absent if there are none |
/// | `libpython` | a baked PyCall is bound to one; absent without PyCall, so that other keys stay as they were |
///
/// Not in it: times of files, the text of Project.toml, compatibility bounds, registries, packages that
/// are not baked, and the place of the project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyInputs {
    pub(crate) key_version: u32,
    pub(crate) julia: JuliaIdentity,
    pub(crate) cpu_target: String,
    pub(crate) processor: String,
    pub(crate) builder: String,
    pub(crate) template: Digest,
    pub(crate) packages: Vec<BakedPackage>,
    pub(crate) workload: Vec<SteeringFile>,
    pub(crate) statements: Vec<SteeringFile>,
    pub(crate) arguments: Vec<String>,
    pub(crate) depots: Vec<String>,
    /// By the name of the package.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) other_preferences: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) libpython: Option<String>,
}

impl KeyInputs {
    /// Returns the form that is hashed. It is kept beside the image, to show later what changed.
    #[must_use]
    pub(crate) fn canonical(&self) -> Vec<u8> {
        /// About what a package takes: for a thousand of them a text that grows is copied ten times.
        const OF_ONE: usize = 320;
        let mut text = Vec::with_capacity(1024 + OF_ONE * self.packages.len());
        json::append(&mut text, self);
        text
    }

    /// The key.
    #[must_use]
    pub(crate) fn key(&self) -> Digest {
        Digest::of(&self.canonical())
    }
}

/// Hashed inputs of one package.
#[derive(Serialize)]
struct DigestInputs<'a> {
    uuid: Uuid,
    name: &'a str,
    tree: &'a str,
    entry_file: Option<&'a str>,
    preferences: &'a str,
    weak_dependencies: Vec<(&'a str, Option<Uuid>)>,
    extensions: &'a BTreeMap<String, Vec<String>>,
    dependencies: Vec<&'a Digest>,
    /// Absent if there is none, so that other digests stay as they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    syntax: Option<&'a str>,
}

/// The packages of `selection` with their digests, sorted by UUID.
///
/// `preferences` gives the canonical text of a package's preferences, empty if it has none. The digests
/// form a Merkle tree: equal digests mean equal code, preferences and extension points all the way down.
pub(crate) fn baked_packages(
    manifest: &Manifest,
    selection: &Selection,
    preferences: impl Fn(Uuid) -> String,
) -> Vec<BakedPackage> {
    let mut places: HashMap<Uuid, usize> = HashMap::with_capacity(selection.baked.len());
    let mut packages: Vec<BakedPackage> = Vec::with_capacity(selection.baked.len());
    let mut text = Vec::new();
    for package in selection.baked.iter().filter_map(|uuid| manifest.packages.get(uuid)) {
        let preferences = preferences(package.uuid);
        let known = |uuid: &Uuid| packages.get(*places.get(uuid)?).map(|package| &package.digest);
        let digest = package_digest(package, &preferences, known, &mut text);
        places.insert(package.uuid, packages.len());
        packages.push(BakedPackage {
            name: package.name.clone(),
            uuid: package.uuid,
            version: package.version.clone().unwrap_or_default(),
            tree: tree_hash(package).to_owned(),
            preferences,
            digest,
        });
    }
    // Moves each package once, which takes ten UUIDs' room.
    packages.sort_by_cached_key(|package| package.uuid);
    packages
}

/// Computes the digest of one package from those of its dependencies.
///
/// The code of a standard library is Julia's own, which the key names: a manifest's entry for it, or the lack of one,
/// adds nothing. Its dependencies are in the image too, and are compared by themselves. `known` gives the digests of packages
/// that are computed, `text` is room for what is hashed.
fn package_digest<'a>(
    package: &Package,
    preferences: &str,
    known: impl Fn(&Uuid) -> Option<&'a Digest>,
    text: &mut Vec<u8>,
) -> Digest {
    let bare;
    let package = if package.source.is_standard_library() {
        bare = Package::standard_library(package.uuid, &package.name);
        &bare
    } else {
        package
    };
    let resolved = package.weak_dependencies.iter().map(|(name, uuid)| (name.as_str(), Some(*uuid)));
    let unresolved = package.unresolved_weak_dependencies.iter().map(|name| (name.as_str(), None));
    let mut weak_dependencies: Vec<_> = resolved.chain(unresolved).collect();
    weak_dependencies.sort_unstable();
    let mut dependencies: Vec<&Digest> = package.dependencies.values().filter_map(known).collect();
    dependencies.sort_unstable();
    let inputs = DigestInputs {
        uuid: package.uuid,
        name: &package.name,
        tree: tree_hash(package),
        entry_file: package.entry_file.as_deref(),
        preferences,
        weak_dependencies,
        extensions: &package.extensions,
        dependencies,
        syntax: package.syntax.as_deref(),
    };
    text.clear();
    json::append(text, &inputs);
    Digest::of(text)
}

/// The tree hash of a registered package; empty for others.
fn tree_hash(package: &Package) -> &str {
    match &package.source {
        Source::Tree(hash) => hash,
        Source::Path(_) | Source::Stdlib => "",
    }
}

/// The package of this UUID. The packages of key inputs are sorted by it.
pub(crate) fn find(packages: &[BakedPackage], uuid: Uuid) -> Option<&BakedPackage> {
    let index = packages.binary_search_by_key(&uuid, |package| package.uuid).ok()?;
    packages.get(index)
}

#[cfg(test)]
pub(crate) mod tests;
