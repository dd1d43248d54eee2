//! The inputs from which an image of a project would be made now.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use uuid::Uuid;

use crate::model::image::bake::Outside;
use crate::model::image::key::{Digest, KeyInputs};
use crate::model::image::record::KnownImage;

/// Inputs of an image of the project, if it were built now.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wanted {
    /// With the preferred builder.
    pub(crate) inputs: Arc<KeyInputs>,
    /// Further builders, with the digests of their scripts, whose images would do as well.
    pub(crate) alternatives: Vec<(String, Digest)>,
    /// The packages that stay outside: names and reasons.
    pub(crate) outside: BTreeMap<Uuid, (String, Outside)>,
    /// Standard libraries that the project takes from a registry or a folder, baked or not.
    pub(crate) replaced: BTreeSet<Uuid>,
}

/// Inputs of an image, with their text and its digest.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) key: Digest,
    pub(crate) inputs: Arc<KeyInputs>,
    /// The text that is hashed, and kept beside the image.
    pub(crate) text: Vec<u8>,
}

impl Form {
    fn new(inputs: Arc<KeyInputs>) -> Self {
        let text = inputs.canonical();
        Self { key: Digest::of(&text), inputs, text }
    }
}

impl Wanted {
    /// Returns all images that would be exactly the wanted one: one for each builder. Costs a pass over all packages.
    #[must_use]
    pub(crate) fn forms(&self) -> Vec<Form> {
        let alternatives = self.alternatives.iter().map(|(builder, template)| {
            let (builder, template) = (builder.clone(), template.clone());
            Arc::new(KeyInputs { builder, template, ..KeyInputs::clone(&self.inputs) })
        });
        std::iter::once(Arc::clone(&self.inputs)).chain(alternatives).map(Form::new).collect()
    }

    /// Returns their keys.
    #[must_use]
    pub(crate) fn keys(&self) -> Vec<Digest> {
        self.forms().into_iter().map(|form| form.key).collect()
    }

    /// Whether an image is what would be built now; `keys` are those of the wanted image. In a shared store any builder
    /// will do.
    #[must_use]
    pub(crate) fn is_exactly(&self, keys: &[Digest], image: &KnownImage) -> bool {
        let is_but_for_builder = || {
            let (builder, template) = (image.inputs.builder.clone(), image.inputs.template.clone());
            KeyInputs { builder, template, ..KeyInputs::clone(&self.inputs) } == *image.inputs
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
