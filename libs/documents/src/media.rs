//! Accepted media types: how they are written (RFC 9110, section 8.3: case-insensitive, with
//! parameters), and how their content must begin.

use dossier::contract::DocumentName;

/// Readers look for `%PDF-` in the first 1,024 bytes (ISO 32000-1, Annex H.3, note 13), after
/// anything that a mail program or scanner has added.
const PDF_WITHIN: usize = 1_024;
/// Bytes of a document from which its type is determined.
pub(super) const HEAD_BYTES: usize = PDF_WITHIN + PDF.len() - 1;

const PDF: &[u8] = b"%PDF-";

/// An accepted media type.
pub(super) struct MediaType {
    pub(super) name: &'static str,
    /// Alternative names.
    aliases: &'static [&'static str],
    /// File extension.
    pub(super) ending: &'static str,
    /// Whether content begins as this type requires.
    pub(super) begins: fn(&[u8]) -> bool,
    /// What is wrong with content that begins otherwise, in Vietnamese and English.
    pub(super) beginning: (&'static str, &'static str),
}

/// The names of the accepted media types.
pub const DOCUMENT_TYPES: &[&str] =
    &["application/pdf", "image/png", "image/jpeg", "application/xml"];

pub(super) static MEDIA_TYPES: [MediaType; 4] = [
    MediaType {
        name: "application/pdf",
        aliases: &[],
        ending: "pdf",
        begins: |head| head.windows(PDF.len()).any(|part| part == PDF),
        beginning: (
            "nội dung không phải là application/pdf: phải có `%PDF-` trong 1.024 byte đầu",
            "the content is not application/pdf: it must have `%PDF-` within its first 1,024 bytes",
        ),
    },
    MediaType {
        name: "image/png",
        aliases: &[],
        ending: "png",
        begins: |head| head.starts_with(b"\x89PNG\r\n\x1a\n"),
        beginning: (
            "nội dung không phải là image/png: phải bắt đầu bằng chữ ký của PNG",
            "the content is not image/png: it must begin with the signature of PNG",
        ),
    },
    MediaType {
        name: "image/jpeg",
        aliases: &["image/jpg"],
        ending: "jpg",
        begins: |head| head.starts_with(b"\xff\xd8\xff"),
        beginning: (
            "nội dung không phải là image/jpeg: phải bắt đầu bằng các byte FF D8 FF",
            "the content is not image/jpeg: it must begin with the bytes FF D8 FF",
        ),
    },
    MediaType {
        name: "application/xml",
        aliases: &["text/xml"],
        ending: "xml",
        begins: is_xml,
        beginning: (
            "nội dung không phải là application/xml: phải bắt đầu bằng `<` theo UTF-8 hoặc UTF-16",
            "the content is not application/xml: it must begin with `<` in UTF-8 or UTF-16",
        ),
    },
];

impl MediaType {
    /// The type of a `Content-Type`.
    pub(super) fn of(content_type: &str) -> Option<&'static Self> {
        let essence = content_type.split(';').next().unwrap_or("").trim();
        let is = |name: &str| name.eq_ignore_ascii_case(essence);
        MEDIA_TYPES.iter().find(|known| is(known.name) || known.aliases.iter().any(|name| is(name)))
    }

    /// File name of a document of this type.
    pub(super) fn file(&self, name: &DocumentName) -> String {
        format!("{name}.{}", self.ending)
    }
}

/// Whether the first character is `<`, in the encodings that XML readers detect (XML 1.0, section
/// 4.3.3 and Appendix F).
fn is_xml(head: &[u8]) -> bool {
    let big = |bytes: &[u8; 2]| u16::from_be_bytes(*bytes);
    let little = |bytes: &[u8; 2]| u16::from_le_bytes(*bytes);
    match head {
        [0xfe, 0xff, rest @ ..] => opens(rest.as_chunks().0.iter().map(big)),
        [0xff, 0xfe, rest @ ..] => opens(rest.as_chunks().0.iter().map(little)),
        [0x00, b'<', ..] => opens(head.as_chunks().0.iter().map(big)),
        [b'<', 0x00, ..] => opens(head.as_chunks().0.iter().map(little)),
        [0xef, 0xbb, 0xbf, rest @ ..] => opens(rest.iter().map(|byte| u16::from(*byte))),
        _ => opens(head.iter().map(|byte| u16::from(*byte))),
    }
}

fn opens(mut units: impl Iterator<Item = u16>) -> bool {
    let blank = [b' ', b'\t', b'\r', b'\n'].map(u16::from);
    units.find(|unit| !blank.contains(unit)) == Some(u16::from(b'<'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn the_names_are_those_of_the_accepted_types() {
        assert!(MEDIA_TYPES.iter().map(|media| media.name).eq(DOCUMENT_TYPES.iter().copied()));
    }

    #[test]
    fn a_media_type_is_known_in_any_case_with_parameters_and_by_its_other_names() {
        for (written, meant) in [
            ("application/xml; charset=utf-8", "application/xml"),
            ("Application/PDF", "application/pdf"),
            (" text/xml ;charset=\"utf-16\"", "application/xml"),
            ("image/jpg", "image/jpeg"),
            ("IMAGE/PNG;", "image/png"),
        ] {
            assert_eq!(MediaType::of(written).map(|media| media.name), Some(meant), "{written}");
        }
        for unknown in ["", ";", "application/pdfx", "text/html", "application/", "*/*"] {
            assert!(MediaType::of(unknown).is_none(), "{unknown}");
        }
    }

    #[test]
    fn a_document_may_begin_as_its_readers_accept_it() {
        let pdf = MediaType::of("application/pdf").unwrap();
        let after = |bytes: usize| [&vec![b'\n'; bytes][..], PDF].concat();
        let head = |bytes: usize| after(bytes)[..HEAD_BYTES.min(bytes + PDF.len())].to_vec();
        for bytes in [0, 1, 3, 900, PDF_WITHIN - 1] {
            assert!((pdf.begins)(&head(bytes)), "{bytes} bytes before the header");
        }
        assert!(!(pdf.begins)(&head(PDF_WITHIN)));
        let text = "\r\n\t <?xml version='1.0'?>";
        let marked = |mark: &[u8], text: Vec<u8>| [mark, &text].concat();
        for xml in [
            b"<a/>".to_vec(),
            text.as_bytes().to_vec(),
            marked(b"\xef\xbb\xbf", text.as_bytes().to_vec()),
            marked(b"\xff\xfe", utf16(text, u16::to_le_bytes)),
            marked(b"\xfe\xff", utf16(text, u16::to_be_bytes)),
            utf16(text.trim(), u16::to_le_bytes),
            utf16(text.trim(), u16::to_be_bytes),
        ] {
            assert!(is_xml(&xml), "{xml:?}");
        }
        for other in [&b""[..], b" ", b"a<", b"\xef\xbb\xbf", b"\xff\xfe<", b"{}", b"%PDF-"] {
            assert!(!is_xml(other), "{other:?}");
        }
    }
}
