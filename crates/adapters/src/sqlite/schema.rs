//! The tables in Diesel's terms. `migrations/sqlite` defines them and their rules.
//!
//! The tables of migrations are not here: only the migrator uses them.

diesel::table! {
    jobs (id) {
        id -> Binary,
        name -> Text,
        name_folded -> Text,
        status -> Text,
        total_minutes -> BigInt,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    time_entries (id) {
        id -> Binary,
        related_job -> Binary,
        minutes_worked -> BigInt,
        date_stamp -> Text,
        work_summary -> Text,
        created_by -> Text,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    tokens (id) {
        id -> Binary,
        name -> Text,
        subject -> Text,
        scopes -> Text,
        secret_hash -> Binary,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
        capture_target -> Nullable<Text>,
        capture_job -> Nullable<Binary>,
        capture_zone -> Nullable<Text>,
        capture_gap -> Nullable<BigInt>,
        last_used_at -> Nullable<BigInt>,
        made_by -> Nullable<Binary>,
        kind -> Nullable<Text>,
        person_id -> Nullable<Binary>,
    }
}

diesel::table! {
    people (id) {
        id -> Binary,
        handle -> Text,
        handle_folded -> Text,
        name -> Text,
        email -> Nullable<Text>,
        role -> Text,
        status -> Text,
        time_zone -> Text,
        week_starts_on -> Text,
        password_hash -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(people, tokens);

diesel::table! {
    identities (issuer, subject) {
        issuer -> Text,
        subject -> Text,
        person_id -> Binary,
        linked_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(identities, people);

diesel::table! {
    used_keys (key_hash) {
        key_hash -> Binary,
        used_until -> BigInt,
    }
}

diesel::table! {
    timers (id) {
        id -> Binary,
        person_id -> Binary,
        related_job -> Binary,
        work_summary -> Text,
        started_at -> BigInt,
        version -> BigInt,
        minutes -> Nullable<BigInt>,
        entries -> Nullable<BigInt>,
    }
}

diesel::table! {
    idempotency_keys (token_id, key) {
        token_id -> Binary,
        key -> Text,
        fingerprint -> Binary,
        outcome -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    task_runs (id) {
        id -> Binary,
        task -> Text,
        due -> BigInt,
        attempt -> BigInt,
        instance -> Text,
        started_at -> BigInt,
        until -> BigInt,
        ended_at -> Nullable<BigInt>,
        state -> Text,
        detail -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(jobs, time_entries);

diesel::table! {
    pings (id) {
        id -> Binary,
        token_id -> Binary,
        related_job -> Nullable<Binary>,
        at -> BigInt,
        received_at -> BigInt,
        minutes -> Nullable<BigInt>,
        summary -> Nullable<Text>,
        day -> Text,
        status -> Text,
        reason -> Nullable<Text>,
        logged_at -> BigInt,
        project -> Nullable<Text>,
        anew -> Bool,
    }
}

diesel::table! {
    ping_days (related_job, token_id, day) {
        related_job -> Binary,
        token_id -> Binary,
        day -> Text,
        micros -> BigInt,
        summary -> Nullable<Text>,
        summary_at -> Nullable<BigInt>,
        summary_ping -> Nullable<Binary>,
        entry_version -> Nullable<BigInt>,
        detached -> Bool,
    }
}

diesel::table! {
    capture_new_projects (token_id, day, project) {
        token_id -> Binary,
        day -> Text,
        project -> Text,
    }
}

diesel::table! {
    capture_projects (subject, project) {
        subject -> Text,
        project -> Text,
        related_job -> Binary,
    }
}

diesel::allow_tables_to_appear_in_same_query!(capture_projects, jobs, ping_days);
