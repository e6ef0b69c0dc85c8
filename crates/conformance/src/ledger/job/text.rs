//! The values of a job read back unchanged, and searches find them.

use stint_domain::ledger::JobName;
use stint_domain::ledger::ports::job::{CreateJob, ListJobs};
use stint_domain::values::Timestamp;

use crate::Ledger;
use crate::given::{create_job, name, part};

/// 120 characters of any width, including quotes and right-to-left text.
pub async fn names_at_their_limits_read_back_unchanged(ledger: Ledger) {
    for text in [
        "é".repeat(120),
        "🦭".repeat(120),
        "x".to_owned(),
        r#"'"; -- \ % _ $1 ?"#.to_owned(),
        "שלום \u{200f}é".to_owned(),
    ] {
        let job = ledger.create(CreateJob { name: name(&text), ..create_job() }).await;
        assert_eq!(ledger.job(job.id).await.name.as_str(), text);
    }
}

/// An accented letter may be one character or two, which nobody can see: a name is found by either. A stored name
/// from before names were composed, or one without a visible character, stays as it is.
pub async fn names_of_before_read_back_unchanged_and_are_found(ledger: Ledger) {
    for text in ["Bu\u{308}ro", "\u{200b}", "x\u{958}"] {
        let job = ledger.create(CreateJob { name: JobName::stored(text).unwrap(), ..create_job() }).await;
        assert_eq!(ledger.job(job.id).await.name.as_str(), text);
        let found = ledger.all_jobs(ListJobs { name_part: Some(part(text)), ..ListJobs::default() }).await;
        assert_eq!(found, [job], "{text}");
    }
    for wanted in ["BÜRO", "bu\u{308}ro", "ü"] {
        assert_eq!(
            ledger.all_jobs(ListJobs { name_part: Some(part(wanted)), ..ListJobs::default() }).await.len(),
            1,
            "{wanted}"
        );
    }
}

/// `%`, `_` and `\` find themselves and nothing else.
pub async fn wildcards_and_quotes_in_a_search_are_plain_characters(ledger: Ledger) {
    for text in ["100% done", "100 done", "a_b", "acb", r"c:\temp", "c:temp", "it's", "its", "a*b", "[ab]"] {
        ledger.create(CreateJob { name: name(text), ..create_job() }).await;
    }
    let expected = [
        ("%", "100% done"),
        ("0% d", "100% done"),
        ("_", "a_b"),
        (r"\", r"c:\temp"),
        (r"\t", r"c:\temp"),
        ("'", "it's"),
        ("*", "a*b"),
        ("[", "[ab]"),
    ];
    for (wanted, found) in expected {
        let jobs = ledger.all_jobs(ListJobs { name_part: Some(part(wanted)), ..ListJobs::default() }).await;
        let names: Vec<_> = jobs.iter().map(|job| job.name.as_str()).collect();
        assert_eq!(names, [found], "{wanted}");
    }
}

/// The domain folds case, so every backend finds the same.
pub async fn a_search_folds_case_beyond_ascii(ledger: Ledger) {
    for text in ["ÄRGER im Büro", "ΟΔΟΣ", "ΑΣΑ", "İstanbul", "Straße"] {
        ledger.create(CreateJob { name: name(text), ..create_job() }).await;
    }
    let expected =
        [("ärger", 1), ("BÜRO", 1), ("οδο", 1), ("ος", 1), ("ΑΣ", 1), ("STRAßE", 1), ("STRASSE", 1), ("arger", 0)];
    for (wanted, found) in expected {
        let jobs = ledger.all_jobs(ListJobs { name_part: Some(part(wanted)), ..ListJobs::default() }).await;
        assert_eq!(jobs.len(), found, "{wanted}");
    }
}

/// From the first moment of year 1 to the last of year 9999.
pub async fn moments_read_back_to_the_microsecond(ledger: Ledger) {
    for micros in [-62_135_596_800_000_000, -1, 0, 1_700_000_000_123_457, 253_402_300_799_999_999] {
        let at = Timestamp::from_micros(micros).unwrap();
        let job = ledger.create(CreateJob { at, ..create_job() }).await;
        assert_eq!((job.created_at, job.updated_at), (at, at));
        assert_eq!(ledger.job(job.id).await, job);
    }
}
