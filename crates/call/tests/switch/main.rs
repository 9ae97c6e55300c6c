//! The switch with its telephones, outside lines and far legs, each driven by hand.

#[path = "../common/mod.rs"]
mod common;

mod calls;
mod classes;
mod codes_table;
mod completion_far;
mod conference;
mod data;
mod dialling;
mod endpoints;
mod features;
mod four_calls;
mod groups;
mod holding;
mod house_codes;
mod imported_plans;
mod mail;
mod moved;
mod outside_disa;
mod outside_emergency;
mod outside_hotline;
mod outside_in;
mod outside_matrix;
mod outside_out;
mod outside_transfer;
mod plan_lint;
mod plan_random;
mod referred;
mod routes;
mod telephone_matrix;
mod transfer;
mod waiting;
mod walk;
