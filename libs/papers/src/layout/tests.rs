use super::*;
use crate::document::{Column, Span};

fn paragraph(text: &str) -> Paragraph {
    let spans = vec![Span { text: text.to_owned(), bold: false }];
    Paragraph { spans, align: Align::Left, size: 100 }
}

fn document(blocks: Vec<Block>) -> Document {
    let (title, language) = ("Thử".to_owned(), "vi".to_owned());
    Document { title, language, page: PageSize::A4, blocks }
}

fn text_of(page: &Page) -> String {
    page.texts.iter().map(|drawn| &*drawn.text).collect::<Vec<_>>().join("|")
}

#[test]
fn a_paragraph_breaks_at_spaces_within_the_margins() {
    let words = "tiếp nhận hồ sơ và trả kết quả ".repeat(20);
    let lines = broken(&paragraph(&words), 13.0, 300.0);
    assert!(lines.len() > 5);
    for line in &lines {
        let width: f32 = line.iter().map(|run| run.width).sum();
        assert!(width <= 300.0 && !line[0].text.starts_with(' '), "{line:?}");
    }
    let joined: Vec<&str> = lines.iter().map(|line| &*line[0].text).collect();
    assert_eq!(joined.join(" "), words.trim_end());
}

#[test]
fn a_word_wider_than_a_line_is_broken() {
    let lines = broken(&paragraph(&"x".repeat(200)), 13.0, 100.0);
    let text: String = lines.iter().map(|line| &*line[0].text).collect();
    assert!(lines.len() > 5 && text == "x".repeat(200));
}

#[test]
fn a_long_table_continues_on_numbered_pages_and_loses_no_row() {
    let columns = vec![
        Column { title: "Số".to_owned(), width: 1 },
        Column { title: "Nội dung".to_owned(), width: 4 },
    ];
    let row = |n: usize| vec![paragraph(&n.to_string()), paragraph("một dòng của bảng")];
    let table = Table { columns, rows: (1000..1120).map(row).collect() };
    let document = document(vec![Block::Table(table)]);
    let english = pages(&Document { language: "en".to_owned(), ..document.clone() });
    assert!(text_of(&english[1]).contains(&format!("Page 2/{}", english.len())));
    let pages = pages(&document);
    assert!(pages.len() > 2);
    assert!(text_of(&pages[1]).contains(&format!("Trang 2/{}", pages.len())));
    let all: String = pages.iter().map(text_of).collect::<Vec<_>>().join("|");
    assert!((1000..1120).all(|n: usize| all.contains(&n.to_string())));
    let measures = Measures::of(PageSize::A4);
    let lowest = pages.iter().flat_map(|page| &page.boxes).map(|[_, y, _, h]| y + h);
    assert!(lowest.fold(0.0, f32::max) <= measures.height - measures.margin + RULE);
}

#[test]
fn a_row_taller_than_a_page_is_split() {
    let columns = vec![Column { title: "Lý do".to_owned(), width: 1 }];
    let long = "lý do rất dài ".repeat(2_000);
    let table = Table { columns, rows: vec![vec![paragraph(&long)]] };
    let pages = pages(&document(vec![Block::Table(table)]));
    assert!(pages.len() > 2);
    let words = pages.iter().flat_map(|p| &p.texts).flat_map(|d| d.text.split(' '));
    assert_eq!(words.filter(|word| *word == "dài").count(), 2_000);
}

#[test]
fn a_qr_code_is_a_square_of_modules() {
    let pages = pages(&document(vec![Block::Qr("G02.001-261126-0200000042".to_owned())]));
    let boxes = &pages[0].boxes;
    assert!(boxes.len() > 150);
    let right = boxes.iter().map(|[x, _, w, _]| x + w).fold(0.0, f32::max);
    let measures = Measures::of(PageSize::A4);
    assert!((right - measures.margin - measures.qr).abs() < 0.01, "{right}");
}
