//! The inputs from which an image of a project would be made now.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::model::image::bake::Outside;
use crate::model::image::key::{Digest, KeyInputs};
use crate::model::image::record::KnownImage;

/// Inputs of an image of the project, if it were built now.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wanted {
    /// With the preferred builder.
    pub(crate) inputs: KeyInputs,
    /// Further builders, with the digests of their scripts, whose images would do as well.
    pub(crate) alternatives: Vec<(String, Digest)>,
    /// The packages that stay outside: names and reasons.
    pub(crate) outside: BTreeMap<Uuid, (String, Outside)>,
    /// Standard libraries that the project takes from a registry or a folder, baked or not.
    pub(crate) replaced: BTreeSet<Uuid>,
}

impl Wanted {
    /// Returns the keys of all images that would be exactly the wanted one. Costs a pass over all packages.
    #[must_use]
    pub(crate) fn keys(&self) -> Vec<Digest> {
        self.keys_of(&self.inputs)
    }

    /// Returns the keys of all images of `inputs` that would do: one for each builder.
    #[must_use]
    pub(crate) fn keys_of(&self, inputs: &KeyInputs) -> Vec<Digest> {
        let alternatives = self.alternatives.iter().map(|(builder, template)| {
            let inputs = KeyInputs { builder: builder.clone(), template: template.clone(), ..inputs.clone() };
            inputs.key()
        });
        std::iter::once(inputs.key()).chain(alternatives).collect()
    }

    /// Whether an image is what would be built now; `keys` are those of the wanted image. In a shared store any builder
    /// will do.
    #[must_use]
    pub(crate) fn is_exactly(&self, keys: &[Digest], image: &KnownImage) -> bool {
        let is_but_for_builder = || {
            let (builder, template) = (image.inputs.builder.clone(), image.inputs.template.clone());
            KeyInputs { builder, template, ..self.inputs.clone() } == image.inputs
        };
        keys.contains(&image.record.key) || (image.is_shared && is_but_for_builder())
    }

    /// Digest of the packages alone: equal if two projects want the same code baked.
    #[must_use]
    pub(crate) fn packages_digest(&self) -> Digest {
        let digests: Vec<&str> = self.inputs.packages.iter().map(|package| package.digest.as_str()).collect();
        Digest::of(digests.join("\n").as_bytes())
    }
}
