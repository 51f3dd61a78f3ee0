//! The rating of officers and units by nine indicators (Circular 01/2018/TT-VPCP, arts. 13–15).
//!
//! Each indicator gives 2, 1 or 0 points; those of single dossiers are averaged, rounded to one
//! decimal. An indicator without data is skipped and named. The table of grades presumes that no
//! indicator was skipped, so the points are compared with it in proportion to the points that could
//! be reached: 12 of 12 counts like 18 of 18. This proportion, and the reading that officers are
//! graded out of 6 points as 15 of 18 is for units, are ours; points and reachable points are
//! always given, so that another reading can be applied.

use calendar::Text;

use super::Share;

/// The nine indicators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Indicator {
    /// 1: the whole time of a dossier against its date.
    WholeTime,
    /// 2: the time of each activity against its period.
    ActivityTime,
    /// 3: how often the applicant had to complete the dossier.
    Contacts,
    /// 4: how many agencies the applicant had to visit.
    Agencies,
    /// 5: the share of procedures handled on the spot.
    OnTheSpot,
    /// 6: whether procedures and progress are public.
    Publicity,
    /// 7: the attitude of officers, as rated by applicants.
    Attitude,
    /// 8: complaints that were answered in time.
    Complaints,
    /// 9: online services.
    Online,
}

/// All indicators, by number.
pub const INDICATORS: [Indicator; 9] = [
    Indicator::WholeTime,
    Indicator::ActivityTime,
    Indicator::Contacts,
    Indicator::Agencies,
    Indicator::OnTheSpot,
    Indicator::Publicity,
    Indicator::Attitude,
    Indicator::Complaints,
    Indicator::Online,
];

impl Indicator {
    /// Its number in the Circular.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::WholeTime => 1,
            Self::ActivityTime => 2,
            Self::Contacts => 3,
            Self::Agencies => 4,
            Self::OnTheSpot => 5,
            Self::Publicity => 6,
            Self::Attitude => 7,
            Self::Complaints => 8,
            Self::Online => 9,
        }
    }

    /// Its name in both languages.
    #[must_use]
    pub fn name(self) -> Text {
        let (vi, en) = match self {
            Self::WholeTime => ("Tổng thời gian giải quyết", "Whole time of handling"),
            Self::ActivityTime => ("Thời gian ở từng bước", "Time of each activity"),
            Self::Contacts => ("Số lần hoàn thiện hồ sơ", "Times that the dossier was completed"),
            Self::Agencies => ("Số cơ quan phải liên hệ", "Agencies that were visited"),
            Self::OnTheSpot => ("Giải quyết tại chỗ", "Procedures handled on the spot"),
            Self::Publicity => ("Công khai thủ tục, tiến độ", "Publicity"),
            Self::Attitude => ("Thái độ của công chức", "Attitude of officers"),
            Self::Complaints => ("Trả lời phản ánh, kiến nghị", "Answers to complaints"),
            Self::Online => ("Dịch vụ công trực tuyến", "Online services"),
        };
        Text::new(vi, en)
    }

    /// Whether it is an indicator of units alone, not of the officers in them.
    #[must_use]
    pub const fn is_of_units(self) -> bool {
        match self {
            Self::OnTheSpot | Self::Publicity | Self::Complaints | Self::Online => true,
            Self::WholeTime
            | Self::ActivityTime
            | Self::Contacts
            | Self::Agencies
            | Self::Attitude => false,
        }
    }
}

/// Number of cases with 2, 1 and 0 points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Steps {
    pub two: u64,
    pub one: u64,
    pub none: u64,
}

/// What is known of an officer or unit in a period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Handled dossiers that were early, on time, and late.
    pub whole_time: Steps,
    /// The same of the slowest activity of each dossier.
    pub activity_time: Steps,
    /// Dossiers with no, one, and more than one request for a supplement.
    pub contacts: Steps,
    /// Ratings of 4 or 5, of 3, and of 1 or 2. The Circular knows three answers, our scale five.
    pub attitude: Steps,
    /// Complaints answered in time, of those answered or overdue.
    pub complaints: Share,
    /// Online services with an online dossier, of the online services.
    pub services: Share,
    /// Online dossiers among the handled ones.
    pub online: Share,
    /// Online dossiers that were late.
    pub online_late: u64,
}

/// Why an indicator is skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// No case in the period.
    NoCase,
    /// The log does not record it.
    NotRecorded,
}

/// The points of an indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndicatorScore {
    pub indicator: Indicator,
    /// In tenths of a point, from 0 to 20.
    pub tenths: Result<u64, Missing>,
    /// Number of dossiers, ratings or complaints that it is computed from.
    pub cases: u64,
}

/// Who is graded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Graded {
    Officer,
    Unit,
}

/// What the points of a unit or an officer amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grade {
    /// A unit from 15 points.
    Excellent,
    /// A unit from 12 points.
    Good,
    /// A unit from 9 points.
    Fair,
    /// A unit from 6 points.
    Average,
    /// A unit with fewer.
    Weak,
    /// An officer from 5 points.
    Complete,
    /// An officer from 3.5 points.
    Partial,
    /// An officer with fewer.
    Insufficient,
}

/// The rating of an officer or unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    /// By number; only those that apply.
    pub scores: Vec<IndicatorScore>,
    /// The sum, in tenths of a point.
    pub tenths: u64,
    /// What could be reached by the indicators with data, in tenths of a point.
    pub reachable: u64,
    /// `None` without any data.
    pub grade: Option<Grade>,
}

impl Rating {
    /// The rating by what is known.
    #[must_use]
    pub fn of(graded: Graded, evidence: &Evidence) -> Self {
        let of_graded = |one: &Indicator| graded == Graded::Unit || !one.is_of_units();
        let scores: Vec<_> =
            INDICATORS.into_iter().filter(of_graded).map(|one| evidence.score(one)).collect();
        let known = || scores.iter().filter_map(|score| score.tenths.ok());
        let (tenths, reachable) = known().fold((0_u64, 0_u64), |(sum, most), tenths| {
            (sum.saturating_add(tenths), most.saturating_add(20))
        });
        let grade = grade(graded, tenths, reachable);
        Self { scores, tenths, reachable, grade }
    }
}

/// The grade of `tenths` out of `reachable`, by the table of the Circular.
fn grade(graded: Graded, tenths: u64, reachable: u64) -> Option<Grade> {
    // Points, and the sum in whose terms they are given, in tenths.
    let (table, last): (&[(u64, Grade)], Grade) = match graded {
        Graded::Unit => (
            &[(150, Grade::Excellent), (120, Grade::Good), (90, Grade::Fair), (60, Grade::Average)],
            Grade::Weak,
        ),
        Graded::Officer => (&[(50, Grade::Complete), (35, Grade::Partial)], Grade::Insufficient),
    };
    let whole = match graded {
        Graded::Unit => 180,
        Graded::Officer => 60,
    };
    if reachable == 0 {
        return None;
    }
    let reached = tenths.saturating_mul(whole);
    let first = table.iter().find(|(least, _)| reached >= least.saturating_mul(reachable));
    Some(first.map_or(last, |(_, grade)| *grade))
}

impl Evidence {
    fn score(&self, indicator: Indicator) -> IndicatorScore {
        let of_cases = |steps: Steps| (steps.tenths().ok_or(Missing::NoCase), steps.cases());
        let (tenths, cases) = match indicator {
            Indicator::WholeTime => of_cases(self.whole_time),
            Indicator::ActivityTime => of_cases(self.activity_time),
            Indicator::Contacts => of_cases(self.contacts),
            Indicator::Attitude => of_cases(self.attitude),
            Indicator::Agencies | Indicator::OnTheSpot | Indicator::Publicity => {
                (Err(Missing::NotRecorded), 0)
            }
            Indicator::Complaints => {
                let Share { numerator, denominator } = self.complaints;
                let points = if denominator == 0 {
                    Err(Missing::NoCase)
                } else if numerator == denominator {
                    Ok(20)
                } else if self.complaints.reaches(90) {
                    Ok(10)
                } else {
                    Ok(0)
                };
                (points, denominator)
            }
            Indicator::Online => {
                let cases = self.online.denominator;
                if cases == 0 || self.services.denominator == 0 {
                    (Err(Missing::NoCase), cases)
                } else if self.services.reaches(20)
                    && self.online.reaches(30)
                    && self.online_late == 0
                {
                    (Ok(20), cases)
                } else {
                    (Ok(if self.online.reaches(15) { 10 } else { 0 }), cases)
                }
            }
        };
        IndicatorScore { indicator, tenths, cases }
    }
}

impl Steps {
    /// Number of cases.
    #[must_use]
    pub const fn cases(self) -> u64 {
        self.two.saturating_add(self.one).saturating_add(self.none)
    }

    /// The mean in tenths of a point, rounded half up; `None` without a case.
    #[must_use]
    pub fn tenths(self) -> Option<u64> {
        let cases = self.cases();
        let points = self.two.saturating_mul(2).saturating_add(self.one);
        let doubled = points.saturating_mul(20).saturating_add(cases);
        doubled.checked_div(cases.saturating_mul(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(two: u64, one: u64, none: u64) -> Steps {
        Steps { two, one, none }
    }

    fn tenths(rating: &Rating) -> Vec<Option<u64>> {
        rating.scores.iter().map(|score| score.tenths.ok()).collect()
    }

    #[test]
    fn an_indicator_is_the_mean_of_its_dossiers_with_one_decimal() {
        assert_eq!(steps(2, 1, 0).tenths(), Some(17), "5 points of 3 dossiers are 1.67");
        assert_eq!(steps(1, 0, 3).tenths(), Some(5));
        assert_eq!(steps(0, 1, 19).tenths(), Some(1), "0.05 is rounded up");
        assert_eq!(steps(0, 0, 0).tenths(), None);
    }

    #[test]
    fn indicators_without_data_are_skipped_and_named_and_the_rest_decides_in_proportion() {
        let evidence = Evidence {
            whole_time: steps(10, 0, 0),
            activity_time: steps(8, 2, 0),
            contacts: steps(9, 1, 0),
            services: Share::of(1, 5),
            online: Share::of(3, 10),
            ..Evidence::default()
        };
        let unit = Rating::of(Graded::Unit, &evidence);
        let expected = [Some(20), Some(18), Some(19), None, None, None, None, None, Some(20)];
        assert_eq!(tenths(&unit), expected);
        let why = |place: usize| unit.scores.get(place).and_then(|score| score.tenths.err());
        assert_eq!(why(3), Some(Missing::NotRecorded));
        assert_eq!(why(6), Some(Missing::NoCase), "nobody rated");
        assert_eq!((unit.tenths, unit.reachable, unit.grade), (77, 80, Some(Grade::Excellent)));
        let nobody = Rating::of(Graded::Unit, &Evidence::default());
        assert_eq!((nobody.reachable, nobody.grade), (0, None));
    }

    #[test]
    fn officers_are_rated_by_the_indicators_of_single_dossiers() {
        let evidence = Evidence {
            whole_time: steps(0, 1, 1),
            contacts: steps(2, 0, 0),
            attitude: steps(0, 0, 1),
            complaints: Share::of(0, 9),
            ..Evidence::default()
        };
        let officer = Rating::of(Graded::Officer, &evidence);
        let numbers: Vec<_> = officer.scores.iter().map(|score| score.indicator.number()).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 7]);
        assert_eq!(tenths(&officer), [Some(5), None, Some(20), None, Some(0)]);
        // 2.5 of 6 points.
        assert_eq!((officer.tenths, officer.reachable), (25, 60));
        assert_eq!(officer.grade, Some(Grade::Insufficient));
    }

    #[test]
    fn the_grades_begin_at_the_points_of_the_table() {
        let unit = |tenths| grade(Graded::Unit, tenths, 180).unwrap();
        let found = [150, 149, 120, 119, 90, 89, 60, 59].map(unit);
        let expected = [
            Grade::Excellent,
            Grade::Good,
            Grade::Good,
            Grade::Fair,
            Grade::Fair,
            Grade::Average,
            Grade::Average,
            Grade::Weak,
        ];
        assert_eq!(found, expected);
        let officer = |tenths| grade(Graded::Officer, tenths, 60).unwrap();
        assert_eq!(
            [50, 49, 35, 34].map(officer),
            [Grade::Complete, Grade::Partial, Grade::Partial, Grade::Insufficient]
        );
        assert_eq!(grade(Graded::Unit, 100, 120), Some(Grade::Excellent), "10 of 12 is 15 of 18");
    }

    #[test]
    fn complaints_and_online_services_have_thresholds_of_their_own() {
        let complaints = |numerator, denominator| {
            let evidence =
                Evidence { complaints: Share::of(numerator, denominator), ..Evidence::default() };
            evidence.score(Indicator::Complaints).tenths
        };
        let found = [(0, 0), (10, 10), (9, 10), (89, 100)].map(|(n, d)| complaints(n, d).ok());
        assert_eq!(found, [None, Some(20), Some(10), Some(0)]);
        let online = |services, dossiers, online_late| {
            let (services, online) = (Share::of(services, 100), Share::of(dossiers, 100));
            let evidence = Evidence { services, online, online_late, ..Evidence::default() };
            evidence.score(Indicator::Online).tenths
        };
        assert_eq!(online(20, 30, 0), Ok(20));
        assert_eq!(online(20, 30, 1), Ok(10), "one was late");
        assert_eq!(online(19, 99, 0), Ok(10), "too few services");
        assert_eq!(online(99, 15, 0), Ok(10));
        assert_eq!(online(99, 14, 0), Ok(0));
    }
}
