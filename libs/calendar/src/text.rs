//! Texts in the two languages of the service.

use serde::{Deserialize, Serialize};

/// A text in the two languages of the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = BilingualText))]
#[serde(deny_unknown_fields)]
pub struct Text {
    #[cfg_attr(feature = "openapi", schema(example = "đến hết ngày 30/11/2026"))]
    pub vi: String,
    #[cfg_attr(feature = "openapi", schema(example = "to the end of 30 November 2026"))]
    pub en: String,
}

impl Text {
    /// A text in both languages.
    #[must_use]
    pub fn new(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self { vi: vi.into(), en: en.into() }
    }

    /// What is written alike in both: a code, a number.
    #[must_use]
    pub fn same(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { vi: text.clone(), en: text }
    }
}
