//! What the desk has in the demo only: people to sign in as, dossiers worth looking at, and time
//! that can be moved. These operations exist in `dossier demo` alone, whose data are made up.

use std::sync::Arc;

use calendar::Text;
use dossier::contract::{AgencyCode, DossierCode, DossierId, Role};
use jiff::{SignedDuration, Timestamp};
use platform::TimeSource;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::auth::{Claims, DevelopmentKey};
use web::problem::BODY_INVALID;
use web::{Line, Mounted, Operation, Problem, Reply, Request, mount_all};

use super::stories::{APPLICANT, STORIES};
use crate::data::DataDirectory;

/// Lifetime of a token.
const TOKEN_HOURS: i64 = 12;
/// Farthest that one request moves the time.
const MOVE_MAX: SignedDuration = SignedDuration::from_hours(92 * 24);

/// Somebody to sign in as.
struct Person {
    /// Also the subject of the token.
    id: &'static str,
    vi: &'static str,
    en: &'static str,
    role: Role,
    /// Agency of an officer; empty for others.
    agency: &'static str,
    /// Whether it is offered; partners are not: the sandbox's bank is used by its page only.
    is_shown: bool,
}

const fn person(
    id: &'static str,
    (vi, en): (&'static str, &'static str),
    role: Role,
    agency: &'static str,
) -> Person {
    Person { id, vi, en, role, agency, is_shown: true }
}

const PEOPLE: [Person; 17] = [
    person(APPLICANT, ("Công ty Sao Mai", "Sao Mai Company"), Role::Applicant, ""),
    person("broker-hai", ("Đại lý Hải Phong", "Hải Phong Brokers"), Role::Applicant, ""),
    person("clerk-lan", ("Chị Lan, một cửa", "Ms Lan, one-stop unit"), Role::Clerk, "G02"),
    person("reviewer-minh", ("Anh Minh, thụ lý", "Mr Minh, reviewer"), Role::Reviewer, "G02"),
    person("approver-ha", ("Bà Hà, trưởng phòng", "Ms Hà, head of unit"), Role::Approver, "G02"),
    person("cashier-tuan", ("Anh Tuấn, thu ngân", "Mr Tuấn, cashier"), Role::Cashier, "G02.001"),
    person("cashier-hoa", ("Chị Hoa, thu ngân", "Ms Hoa, cashier"), Role::Cashier, "G02.001"),
    person(
        "consultee-long",
        ("Ông Long, cơ quan được lấy ý kiến", "Mr Long, consulted agency"),
        Role::Consultee,
        "G02.001",
    ),
    person(
        "clerk-nam-dinh",
        ("Chị Thu, Sở Công Thương", "Ms Thu, department"),
        Role::Clerk,
        "H26.14",
    ),
    person(
        "reviewer-nam-dinh",
        ("Anh Bình, Sở Công Thương", "Mr Bình, department"),
        Role::Reviewer,
        "H26.14",
    ),
    person(
        "approver-nam-dinh",
        ("Ông Sơn, Sở Công Thương", "Mr Sơn, department"),
        Role::Approver,
        "H26.14",
    ),
    person(
        "handler-yen",
        ("Chị Yến, phản ánh kiến nghị", "Ms Yến, complaints"),
        Role::ComplaintHandler,
        "G02",
    ),
    person("operator-dung", ("Anh Dũng, quản trị", "Mr Dũng, operator"), Role::Operator, ""),
    person("operator-lien", ("Chị Liên, quản trị", "Ms Liên, operator"), Role::Operator, ""),
    person("auditor-quang", ("Ông Quang, thanh tra", "Mr Quang, auditor"), Role::Auditor, "G02"),
    Person {
        id: "vnpost",
        vi: "Bưu chính",
        en: "Carrier",
        role: Role::Carrier,
        agency: "",
        is_shown: false,
    },
    Person {
        id: "sandbox",
        vi: "Ngân hàng thử nghiệm",
        en: "Sandbox bank",
        role: Role::PaymentProvider,
        agency: "",
        is_shown: false,
    },
];

/// State of the handlers.
struct Stage {
    data: DataDirectory,
    key: DevelopmentKey,
    clock: TimeSource,
    /// Id and code of each story's dossier.
    stories: Vec<(String, String)>,
}

/// A person to sign in as.
#[derive(Debug, Serialize, ToSchema)]
struct PersonReply {
    /// Name for `POST /demo/sign-ins`.
    id: &'static str,
    /// How the person is called.
    name: Text,
    /// The role of the person.
    role: Role,
    /// The agency of an officer.
    #[serde(skip_serializing_if = "Option::is_none")]
    agency: Option<AgencyCode>,
}

/// A dossier worth looking at.
#[derive(Debug, Serialize, ToSchema)]
struct StoryReply {
    /// Id of the dossier.
    dossier: DossierId,
    /// Code of the dossier.
    code: DossierCode,
    /// The situation.
    what: Text,
    /// The person who should look at it.
    person: &'static str,
}

/// The demo: its time, people and stories.
#[derive(Debug, Serialize, ToSchema)]
struct DemoReply {
    /// The present virtual time.
    now: Timestamp,
    /// People to sign in as.
    people: Vec<PersonReply>,
    /// Dossiers worth looking at.
    stories: Vec<StoryReply>,
}

/// Signs in as a person of the demo.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignInRequest {
    /// Id of the person.
    person: Line<100>,
}

/// A token of a person.
#[derive(Debug, Serialize, ToSchema)]
struct SignInReply {
    /// For `Authorization: Bearer`.
    token: String,
}

/// Moves the time forward.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MoveTimeRequest {
    /// The new present, at most 92 days after the old one.
    now: Timestamp,
}

/// The present virtual time.
#[derive(Debug, Serialize, ToSchema)]
struct TimeReply {
    /// The present virtual time.
    now: Timestamp,
}

/// The routes of the demo.
pub(super) fn routes(
    data: &DataDirectory,
    clock: &TimeSource,
    stories: Vec<(String, String)>,
) -> anyhow::Result<Vec<Mounted>> {
    let (data, clock) = (data.clone(), clock.clone());
    let stage = Stage { key: data.key()?, data, clock, stories };
    Ok(mount_all(&Arc::new(stage), operations()))
}

fn operations() -> Vec<Operation<Stage>> {
    vec![
        Operation::get("/demo", "get_demo", "Show the demo's time, people and stories")
            .reply::<DemoReply>()
            .handle(get_demo),
        Operation::post("/demo/sign-ins", "sign_in", "Sign in as a person of the demo")
            .body::<SignInRequest>()
            .reply::<SignInReply>()
            .handle(sign_in),
        Operation::post("/demo/time", "move_time", "Move the time of the demo")
            .body::<MoveTimeRequest>()
            .reply::<TimeReply>()
            .handle(move_time),
    ]
}

async fn get_demo(stage: Arc<Stage>, _: Request) -> Result<Reply, Problem> {
    let people = PEOPLE.iter().filter(|person| person.is_shown);
    let stories = STORIES.iter().zip(&stage.stories).filter_map(|(story, (id, code))| {
        let (dossier, what) = (id.parse().ok()?, Text::new(story.vi, story.what));
        Some(StoryReply { dossier, code: code.as_str().into(), what, person: story.person })
    });
    Ok(Reply::ok(&DemoReply {
        now: stage.clock.now(),
        people: people.map(Person::reply).collect(),
        stories: stories.collect(),
    }))
}

async fn sign_in(stage: Arc<Stage>, request: Request) -> Result<Reply, Problem> {
    let SignInRequest { person } = request.json()?;
    let Some(found) = PEOPLE.iter().find(|one| one.id == person.0) else {
        let (vi, en) = ("không có người này trong bản trình diễn", "the demo has no such person");
        return Err(Problem::field(BODY_INVALID, "/person", vi, en));
    };
    let claims = Claims {
        sub: found.id.into(),
        // Tokens are checked in real time.
        exp: TimeSource::System.now().as_second() + TOKEN_HOURS * 3_600,
        nbf: None,
        roles: vec![found.role],
        agency: found.agency(),
        on_behalf_of: None,
    };
    let token = stage.key.mint(&claims).map_err(|error| Problem::internal(&error.to_string()))?;
    Ok(Reply::ok(&SignInReply { token }))
}

/// The process and those that share its directory follow the file of the time.
async fn move_time(stage: Arc<Stage>, request: Request) -> Result<Reply, Problem> {
    let MoveTimeRequest { now } = request.json()?;
    let by = now.duration_since(stage.clock.now());
    if by.is_negative() || by > MOVE_MAX {
        let vi = "phải từ thời điểm hiện nay đến 92 ngày sau";
        let en = "must be from the present time to 92 days later";
        return Err(Problem::field(BODY_INVALID, "/now", vi, en));
    }
    stage.data.end_virtual_time(now).map_err(|error| Problem::unavailable(&error.to_string()))?;
    stage.clock.advance_to(now);
    Ok(Reply::ok(&TimeReply { now }))
}

impl Person {
    fn agency(&self) -> Option<AgencyCode> {
        (!self.agency.is_empty()).then(|| self.agency.into())
    }

    fn reply(&self) -> PersonReply {
        let name = Text::new(self.vi, self.en);
        PersonReply { id: self.id, name, role: self.role, agency: self.agency() }
    }
}

/// The people as lines of text.
pub(super) fn people() -> impl Iterator<Item = String> {
    PEOPLE.iter().filter(|person| person.is_shown).map(|person| {
        let at = if person.agency.is_empty() { "" } else { " of " };
        let role = serde_json::to_value(person.role).unwrap_or_default();
        format!("{} ({}{at}{})", person.en, role.as_str().unwrap_or_default(), person.agency)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_story_is_of_a_person_who_is_offered() {
        for story in &STORIES {
            let person = PEOPLE.iter().find(|person| person.id == story.person).unwrap();
            assert!(person.is_shown, "{}", story.what);
        }
    }

    #[test]
    fn people_are_told_apart_by_their_ids() {
        let mut ids: Vec<_> = PEOPLE.iter().map(|person| person.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), PEOPLE.len());
    }
}
