//! The fields that templates may use, by paper. The data of each paper are made in
//! `crate::papers`, whose tests compare them with these names.

use ::papers::Fields;

pub(super) const SLIPS: Fields = Fields {
    plain: &[
        "form",
        "code",
        "agency",
        "agency_name",
        "procedure",
        "procedure_name",
        "applicant_name",
        "applicant_code",
        "applicant_address",
        "applicant_phone",
        "representative",
        "channel",
        "delivery",
        "submitted_at",
        "issued_at",
        "request",
        "reason",
        "due",
        "due_on",
        "was_due",
        "window",
    ],
    lists: &[("documents", &["component", "name"]), ("missing", &["component", "name"])],
};

pub(super) const CONTROL: Fields = Fields {
    plain: &[
        "dossier",
        "code",
        "agency_name",
        "procedure",
        "procedure_name",
        "submitted_at",
        "due",
    ],
    lists: &[("steps", &["at", "step", "by", "to", "late"])],
};

pub(super) const REGISTER: Fields = Fields {
    plain: &["agency", "agency_name", "from", "to", "count"],
    lists: &[(
        "dossiers",
        &[
            "dossier",
            "code",
            "procedure_name",
            "applicant_name",
            "applicant_code",
            "applicant_address",
            "applicant_phone",
            "representative",
            "channel",
            "delivery",
            "submitted_at",
            "accepted_at",
            "due",
            "ended_at",
            "stage",
        ],
    )],
};

pub(super) const LETTERS: Fields = Fields {
    plain: &[
        "outcome",
        "code",
        "agency",
        "agency_name",
        "procedure_name",
        "legal_basis",
        "applicant_name",
        "applicant_code",
        "applicant_address",
        "applicant_phone",
        "representative",
        "submitted_at",
        "decided_at",
        "by_rule",
        "reason",
    ],
    lists: &[],
};

pub(super) const LABEL: Fields = Fields {
    plain: &[
        "dossier",
        "code",
        "agency_name",
        "recipient_name",
        "recipient_address",
        "recipient_phone",
        "carrier",
        "waybill",
        "reference",
    ],
    lists: &[],
};

pub(super) const PARCEL_LIST: Fields = Fields {
    plain: &["agency", "agency_name", "carrier", "day", "count"],
    lists: &[(
        "parcels",
        &[
            "dossier",
            "code",
            "waybill",
            "reference",
            "recipient_name",
            "recipient_address",
            "recipient_phone",
        ],
    )],
};

const LINE: &[&str] = &["name", "full_vnd", "reduction", "charged_vnd"];

pub(super) const RECEIPTS: Fields = Fields {
    plain: &[
        "symbol",
        "year",
        "number",
        "agency",
        "agency_name",
        "agency_tax_code",
        "code",
        "procedure_name",
        "applicant_name",
        "applicant_code",
        "applicant_address",
        "applicant_phone",
        "representative",
        "issued_at",
        "phi_vnd",
        "le_phi_vnd",
        "total_vnd",
        "amount_vnd",
        "is_part",
    ],
    lists: &[("phi", LINE), ("le_phi", LINE)],
};
