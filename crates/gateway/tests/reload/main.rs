//! An edited configuration in a running gateway: each key acts when its class says, calls go on.
#![allow(missing_docs)]

mod classes;
mod house;
mod lines;
mod outside;
mod servers;
