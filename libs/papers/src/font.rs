//! The two faces of the vendored font, and the width of text in them.

use std::sync::LazyLock;

use miniz_oxide::deflate::compress_to_vec_zlib;
use ttf_parser::{Face as Parsed, GlyphId};

const REGULAR: &[u8] = include_bytes!("../fonts/DossierSerif-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../fonts/DossierSerif-Bold.ttf");
/// Printed for a character that the font does not have.
const UNKNOWN: char = '\u{25a1}';
const LEVEL: u8 = 6;

static FACES: LazyLock<[Face; 2]> = LazyLock::new(|| {
    [Face::new("DossierSerif-Regular", REGULAR), Face::new("DossierSerif-Bold", BOLD)]
});

/// A face of the font.
#[derive(Debug)]
pub(crate) struct Face {
    pub(crate) name: &'static str,
    /// The font file, compressed by zlib.
    pub(crate) compressed: Vec<u8>,
    /// The length of the font file in bytes.
    pub(crate) bytes: usize,
    parsed: Parsed<'static>,
}

/// A glyph with the character that it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Glyph {
    pub(crate) id: u16,
    pub(crate) char: char,
}

impl Face {
    fn new(name: &'static str, file: &'static [u8]) -> Self {
        let parsed = Parsed::parse(file, 0).expect("the vendored font is well-formed");
        Self { name, compressed: compress_to_vec_zlib(file, LEVEL), bytes: file.len(), parsed }
    }

    /// The face for bold text, or the regular one.
    pub(crate) fn of(bold: bool) -> &'static Self {
        &FACES[usize::from(bold)]
    }

    /// Whether both faces have a glyph for a character.
    pub(crate) fn has(char: char) -> bool {
        [false, true].into_iter().all(|bold| Self::of(bold).glyph(char).char == char)
    }

    /// The glyph of a character, or that of a box if the font has none.
    pub(crate) fn glyph(&self, char: char) -> Glyph {
        let shown = if char == '\u{a0}' { ' ' } else { char };
        match self.parsed.glyph_index(shown) {
            Some(GlyphId(id)) => Glyph { id, char },
            None => {
                let id = self.parsed.glyph_index(UNKNOWN).map_or(0, |GlyphId(id)| id);
                Glyph { id, char: UNKNOWN }
            }
        }
    }

    /// The width of a glyph in thousandths of the font size.
    pub(crate) fn advance(&self, glyph: u16) -> f32 {
        let advance = self.parsed.glyph_hor_advance(GlyphId(glyph)).unwrap_or(0);
        self.scaled(f32::from(advance))
    }

    /// The width of text in points.
    pub(crate) fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|char| self.advance(self.glyph(char).id)).sum::<f32>() * size / 1000.0
    }

    /// Ascent and descent in thousandths of the font size.
    pub(crate) fn extent(&self) -> (f32, f32) {
        let (up, down) = (self.parsed.ascender(), self.parsed.descender());
        (self.scaled(f32::from(up)), self.scaled(f32::from(down)))
    }

    /// The box around all glyphs, in thousandths of the font size.
    pub(crate) fn bounds(&self) -> [f32; 4] {
        let bounds = self.parsed.global_bounding_box();
        [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max]
            .map(|at| self.scaled(f32::from(at)))
    }

    fn scaled(&self, units: f32) -> f32 {
        units * 1000.0 / f32::from(self.parsed.units_per_em())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_faces_have_every_vietnamese_letter() {
        let vowels = "aàáảãạăằắẳẵặâầấẩẫậeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵđ";
        for bold in [false, true] {
            let face = Face::of(bold);
            for char in vowels.chars().chain(vowels.to_uppercase().chars()).chain("₫–“”…".chars())
            {
                let glyph = face.glyph(char);
                assert!(glyph.char == char && glyph.id != 0, "{char}");
                assert!(face.advance(glyph.id) > 0.0, "{char}");
            }
        }
    }

    #[test]
    fn a_character_without_a_glyph_is_a_box() {
        assert_eq!(Face::of(false).glyph('漢').char, UNKNOWN);
        assert_ne!(Face::of(false).glyph('漢').id, 0);
    }
}
