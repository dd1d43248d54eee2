//! `jlproj run`: Julia, with the image of the project where one fits, whatever is wrong with anything.

pub mod extensions;
mod hostile;
mod image;
mod julia_faults;
mod manifest;
mod package_images;
mod project_faults;
mod record;
mod shared_stores;
mod stacked;
mod start;
mod store_faults;
mod strangers;
mod tracked;
