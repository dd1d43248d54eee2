//! The store: everything that jlproj keeps on disk, under one folder.

pub(crate) mod attempt;
pub(crate) mod catalog;
mod host;
pub(crate) mod image_file;
pub(crate) mod installation_cache;
pub(crate) mod journal;
pub(crate) mod layout;
pub(crate) mod lease;
pub(crate) mod leftovers;
pub(crate) mod load_times;
pub(crate) mod lock;
pub(crate) mod notice;
pub(crate) mod project_record;
pub(crate) mod protection;
pub(crate) mod publish;
pub(crate) mod recording;
pub(crate) mod removal;
pub(crate) mod restored;
pub(crate) mod shared_store;
pub(crate) mod unfinished;
pub(crate) mod verdict_cache;
pub(crate) mod workspace;
