//! Steps against a service that answers what a test says: what no other AWS can be made to do.

mod collecting;
mod faults;
mod looking;
mod stub;
