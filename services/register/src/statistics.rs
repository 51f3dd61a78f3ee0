//! Figures counted from the rows of dossiers: which rows, by which period and group, and what is
//! counted of them.

mod counts;
mod coverage;
mod durations;
mod evidence;
mod export;
mod figure;
mod figures;
mod list;
mod lookups;
mod people;
mod published;
mod scan;
mod scope;
mod sums;
mod units;

pub(crate) use counts::{Group, GroupedBy, figures, groups};
pub(crate) use coverage::{Coverage, CoverageReply};
pub(crate) use evidence::evidence;
pub(crate) use export::{ExportError, Exported, Format, ROWS_MAX, Writer, columns};
pub(crate) use figure::CountedFigure;
pub(crate) use figures::{FiguresReply, ShareReply};
pub(crate) use list::{CountedRow, ListedFigure, Place as CountedPlace};
pub(crate) use published::{KEPT, MONTHS_MAX, Month, Published, month_counts};
pub(crate) use scope::{Filter, Moment, Period, Scope, local_day};
pub(crate) use units::{Unit, units};
