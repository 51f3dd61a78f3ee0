//! The record of a paper that was issued together with an event.

use serde::{Deserialize, Serialize};

/// A paper, as it was issued: from which template, and the digest of what it said. The paper itself
/// is made again from the log whenever it is asked for, and compared with the digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PaperIssued {
    /// The name of the template, for example `slip-01`.
    pub template: String,
    /// The version of the template.
    pub version: u32,
    /// The language, as a BCP 47 tag.
    pub language: String,
    /// SHA-256 of the paper's text in UTF-8: 64 hexadecimal digits in lower case.
    pub sha256: String,
    /// The name of the agency on that day: a registry may rename it later.
    pub agency_name: String,
    /// Its tax code, for a receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency_tax_code: Option<String>,
}
