//! Writes documents as PDF.

use std::collections::BTreeMap;

use miniz_oxide::deflate::compress_to_vec_zlib;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

use crate::document::Document;
use crate::font::Face;
use crate::layout::{Drawn, Measures, Page, pages};

const LEVEL: u8 = 6;
const FACES: [(bool, Name<'static>); 2] = [(false, Name(b"R")), (true, Name(b"B"))];
const IDENTITY: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

impl Document {
    /// The document as a PDF (ISO 32000-1), with its fonts.
    #[must_use]
    pub fn pdf(&self) -> Vec<u8> {
        pdf_of(std::slice::from_ref(self))
    }
}

/// Gives out the numbers of objects.
struct Numbers(i32);

impl Numbers {
    fn next(&mut self) -> Ref {
        self.0 += 1;
        Ref::new(self.0)
    }
}

/// Documents as one PDF, each beginning on a page of its own, with the title of the first.
#[must_use]
pub fn pdf_of(documents: &[Document]) -> Vec<u8> {
    let (mut pdf, mut numbers) = (Pdf::new(), Numbers(0));
    let laid_out = documents.iter().flat_map(|document| {
        let measures = Measures::of(document.page);
        pages(document).into_iter().map(move |page| (page, (measures.width, measures.height)))
    });
    let (pages, sizes): (Vec<Page>, Vec<(f32, f32)>) = laid_out.unzip();
    let (catalog, tree) = (numbers.next(), numbers.next());
    let fonts = FACES.map(|(bold, name)| (bold, name, numbers.next()));
    pdf.catalog(catalog).pages(tree).lang(TextStr("vi"));
    let numbered: Vec<(Ref, Ref, &Page, (f32, f32))> = pages
        .iter()
        .zip(sizes)
        .map(|(page, size)| (numbers.next(), numbers.next(), page, size))
        .collect();
    let count = i32::try_from(pages.len()).unwrap_or(i32::MAX);
    pdf.pages(tree).kids(numbered.iter().map(|(id, ..)| *id)).count(count);
    for (id, content, page, (width, height)) in numbered {
        let mut written = pdf.page(id);
        written.media_box(Rect::new(0.0, 0.0, width, height));
        written.parent(tree).contents(content);
        let mut resources = written.resources();
        let mut named = resources.fonts();
        for (_, name, font) in fonts {
            named.pair(name, font);
        }
        named.finish();
        resources.finish();
        written.finish();
        let stream = compress_to_vec_zlib(&drawn(page, height), LEVEL);
        pdf.stream(content, &stream).filter(Filter::FlateDecode);
    }
    for (bold, _, font) in fonts {
        embed(&mut pdf, Face::of(bold), (font, &used(&pages, bold)), &mut numbers);
    }
    let title = documents.first().map_or("", |document| &document.title);
    pdf.document_info(numbers.next()).title(TextStr(title));
    let id = match documents {
        [document] => document.sha256().into_bytes(),
        several => digest_of_all(several).into_bytes(),
    };
    pdf.set_file_id((id.clone(), id));
    pdf.finish()
}

/// SHA-256 of the digests of all documents, in hexadecimal digits.
fn digest_of_all(documents: &[Document]) -> String {
    let digests: Vec<String> = documents.iter().map(Document::sha256).collect();
    crate::document::digest(&digests.concat())
}

/// The glyphs of a face that are used, with their characters.
fn used(pages: &[Page], bold: bool) -> BTreeMap<u16, char> {
    let face = Face::of(bold);
    let texts = pages.iter().flat_map(|page| &page.texts).filter(|drawn| drawn.bold == bold);
    let chars = texts.flat_map(|drawn| drawn.text.chars());
    chars.map(|char| face.glyph(char)).map(|glyph| (glyph.id, glyph.char)).collect()
}

/// The content of a page. PDF counts upwards from the lower left corner.
fn drawn(page: &Page, height: f32) -> Vec<u8> {
    let mut content = Content::new();
    for [x, y, width, tall] in &page.boxes {
        content.rect(*x, height - y - tall, *width, *tall);
    }
    if !page.boxes.is_empty() {
        content.fill_nonzero();
    }
    for Drawn { x, y, size, bold, text } in &page.texts {
        let face = Face::of(*bold);
        let glyphs: Vec<u8> =
            text.chars().flat_map(|char| face.glyph(char).id.to_be_bytes()).collect();
        content.begin_text();
        content.set_font(FACES[usize::from(*bold)].1, *size);
        content.next_line(*x, height - y);
        content.show(Str(&glyphs));
        content.end_text();
    }
    content.finish().to_vec()
}

/// Embeds a face as a composite font with the map from glyphs to characters that search and copying
/// need.
fn embed(
    pdf: &mut Pdf,
    face: &Face,
    (font, used): (Ref, &BTreeMap<u16, char>),
    numbers: &mut Numbers,
) {
    let [cid, descriptor, file, map] = std::array::from_fn(|_| numbers.next());
    let name = Name(face.name.as_bytes());
    pdf.type0_font(font)
        .base_font(name)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(cid)
        .to_unicode(map);
    let mut written = pdf.cid_font(cid);
    written.subtype(CidFontType::Type2).base_font(name).system_info(IDENTITY);
    written.font_descriptor(descriptor).default_width(0.0);
    written.cid_to_gid_map_predefined(Name(b"Identity"));
    let mut widths = written.widths();
    for glyph in used.keys() {
        widths.consecutive(*glyph, [face.advance(*glyph)]);
    }
    widths.finish();
    written.finish();
    let ((up, down), [left, low, right, high]) = (face.extent(), face.bounds());
    pdf.font_descriptor(descriptor)
        .name(name)
        .flags(FontFlags::SERIF | FontFlags::SYMBOLIC)
        .bbox(Rect::new(left, low, right, high))
        .italic_angle(0.0)
        .ascent(up)
        .descent(down)
        .cap_height(up)
        .stem_v(80.0)
        .font_file2(file);
    let bytes = i32::try_from(face.bytes).unwrap_or(i32::MAX);
    pdf.stream(file, &face.compressed).filter(Filter::FlateDecode).pair(Name(b"Length1"), bytes);
    let mut characters = UnicodeCmap::new(Name(b"Characters"), IDENTITY);
    for (glyph, char) in used {
        characters.pair(*glyph, *char);
    }
    pdf.cmap(map, &characters.finish());
}

#[cfg(test)]
mod tests;
