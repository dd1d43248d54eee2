//! jlproj from outside: real Julia, real packages, real images.

mod sandbox;
mod world;

mod image;
