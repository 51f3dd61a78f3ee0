//! A ministry in virtual time: demo dossiers, or a real log of permits replayed.

pub(crate) mod demo;
pub(crate) mod office;
pub(crate) mod replay;
