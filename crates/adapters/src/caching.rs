//! Decorators that remember.
