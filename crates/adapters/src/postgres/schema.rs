//! The tables in Diesel's terms. `migrations/postgres` defines them.

diesel::table! {
    jobs (id) {
        id -> Uuid,
        name -> Text,
        name_folded -> Text,
        status -> Text,
        total_minutes -> BigInt,
        version -> BigInt,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    time_entries (id) {
        id -> Uuid,
        related_job -> Uuid,
        minutes_worked -> SmallInt,
        date_stamp -> Date,
        work_summary -> Text,
        created_by -> Text,
        version -> BigInt,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    tokens (id) {
        id -> Uuid,
        name -> Text,
        subject -> Text,
        scopes -> Text,
        secret_hash -> Bytea,
        created_at -> Timestamptz,
        expires_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
        capture_target -> Nullable<Text>,
        capture_job -> Nullable<Uuid>,
        capture_zone -> Nullable<Text>,
        capture_gap -> Nullable<Integer>,
        last_used_at -> Nullable<Timestamptz>,
        made_by -> Nullable<Uuid>,
        kind -> Nullable<Text>,
        person_id -> Nullable<Uuid>,
    }
}

diesel::table! {
    people (id) {
        id -> Uuid,
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
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::allow_tables_to_appear_in_same_query!(people, tokens);

diesel::table! {
    identities (issuer, subject) {
        issuer -> Text,
        subject -> Text,
        person_id -> Uuid,
        linked_at -> Timestamptz,
    }
}

diesel::allow_tables_to_appear_in_same_query!(identities, people);

diesel::table! {
    used_keys (key_hash) {
        key_hash -> Bytea,
        used_until -> Timestamptz,
    }
}

diesel::table! {
    timers (id) {
        id -> Uuid,
        person_id -> Uuid,
        related_job -> Uuid,
        work_summary -> Text,
        started_at -> Timestamptz,
        version -> BigInt,
        minutes -> Nullable<Integer>,
        entries -> Nullable<Integer>,
    }
}

diesel::table! {
    idempotency_keys (token_id, key) {
        token_id -> Uuid,
        key -> Text,
        fingerprint -> Bytea,
        outcome -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    task_runs (id) {
        id -> Uuid,
        task -> Text,
        due -> Timestamptz,
        attempt -> Integer,
        instance -> Text,
        started_at -> Timestamptz,
        until -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
        state -> Text,
        detail -> Text,
    }
}

diesel::table! {
    pings (id) {
        id -> Uuid,
        token_id -> Uuid,
        related_job -> Nullable<Uuid>,
        at -> Timestamptz,
        received_at -> Timestamptz,
        minutes -> Nullable<SmallInt>,
        summary -> Nullable<Text>,
        day -> Date,
        status -> Text,
        reason -> Nullable<Text>,
        logged_at -> Timestamptz,
        project -> Nullable<Text>,
        anew -> Bool,
    }
}

diesel::table! {
    ping_days (related_job, token_id, day) {
        related_job -> Uuid,
        token_id -> Uuid,
        day -> Date,
        micros -> BigInt,
        summary -> Nullable<Text>,
        summary_at -> Nullable<Timestamptz>,
        summary_ping -> Nullable<Uuid>,
        entry_version -> Nullable<BigInt>,
        detached -> Bool,
    }
}

diesel::allow_tables_to_appear_in_same_query!(jobs, ping_days);
