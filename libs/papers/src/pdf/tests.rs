use std::io::Write as _;
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use super::*;
use crate::document::{Align, Block, PageSize, Paragraph, Span};

fn paragraph(text: &str, bold: bool) -> Block {
    let spans = vec![Span { text: text.to_owned(), bold }];
    Block::Text(Paragraph { spans, align: Align::Left, size: 100 })
}

fn sample() -> Document {
    let blocks = vec![
        paragraph("GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ", true),
        paragraph("Nguyễn Thị Phượng, phường Cửa Đông, quận Hoàn Kiếm, Hà Nội: 30.000 ₫", false),
        paragraph(
            "Quỹ đạo, kỷ luật, thủy lợi, sẵn sàng, nghỉ lễ, đỗ đạt, bợ đỡ, tự vẫn, chữ ký",
            false,
        ),
        Block::Qr("G02.001-261126-0200000042".to_owned()),
    ];
    let (title, language) = ("Giấy tiếp nhận".to_owned(), "vi".to_owned());
    Document { title, language, page: PageSize::A4, blocks }
}

#[test]
fn the_same_document_gives_the_same_bytes() {
    let (first, second) = (sample().pdf(), sample().pdf());
    assert_eq!(Sha256::digest(&first), Sha256::digest(&second));
    let text = String::from_utf8_lossy(&first);
    assert!(first.starts_with(b"%PDF-1.7"));
    assert!(!text.contains("CreationDate") && !text.contains("ModDate"));
    let Document { title, language, page, mut blocks } = sample();
    blocks.pop();
    assert_ne!(first, Document { title, language, page, blocks }.pdf());
}

#[test]
fn the_text_of_the_pdf_is_found_again_letter_by_letter() {
    let map = |bold: bool| used(&pages(&sample()), bold).into_values().collect::<String>();
    for (bold, letters) in [(true, "GIẤYTẾPNHẬỒSƠVÀẸẢKUQ"), (false, "ễịượủậếộ₫ẵđỹỷ")]
    {
        let mapped = map(bold);
        assert!(letters.chars().all(|letter| mapped.contains(letter)), "{mapped}");
    }
    // With the extractor of poppler, where it is installed.
    let Some(text) = extracted(&sample().pdf()) else { return };
    for words in [
        "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ",
        "Nguyễn Thị Phượng",
        "Quỹ đạo, kỷ luật, thủy lợi",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

/// The text of a PDF by `pdftotext`, if that is installed.
fn extracted(pdf: &[u8]) -> Option<String> {
    let mut run = Command::new("pdftotext")
        .args(["-layout", "-enc", "UTF-8", "-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    run.stdin.take().unwrap().write_all(pdf).unwrap();
    let output = run.wait_with_output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}
