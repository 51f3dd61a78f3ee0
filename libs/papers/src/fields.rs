//! The fields of the data for which a template is written.

/// The names that a template may use. A template with any other name is refused when it is loaded.
#[derive(Debug, Clone, Copy)]
pub struct Fields {
    /// Fields with one value.
    pub plain: &'static [&'static str],
    /// Fields with a list, and the fields of its entries.
    pub lists: &'static [(&'static str, &'static [&'static str])],
}

impl Fields {
    pub(crate) fn is_plain(&self, name: &str) -> bool {
        self.plain.contains(&name)
    }

    pub(crate) fn list(&self, name: &str) -> Option<&'static [&'static str]> {
        self.lists.iter().find(|(list, _)| *list == name).map(|(_, entries)| *entries)
    }
}
