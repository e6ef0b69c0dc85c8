//! A random walk of three people over all routes: a member, somebody whose role changes, and an admin. Everything of theirs
//! has a mark of its own, and a member sees and changes nothing with the mark of another.
//!
//! What shows through is a job's total, its `ETag` and `updated_at`. `STINT_TEST_SEED` repeats a walk.

mod variation;
mod walker;

use serde_json::{Value, json};

use self::variation::Variation;
use self::walker::Walker;
use super::answer::Answer;
use super::client::{Client, Request};
use super::database::Database;
use super::dice::Dice;
use super::operations::ground::Ground;
use super::operations::{self, Operation};
use super::people::id_of;
use super::service::{Service, on_both_databases};

on_both_databases!(a_member_neither_sees_nor_changes_what_is_not_its_own);

/// The steps after the first ones, which ask for each thing of another once.
const STEPS: usize = 200;

/// After so many steps somebody's role changes.
const ROLE_LASTS: usize = 20;

/// What the walk is about.
const LISTINGS: [&str; 4] = ["/api/v1/time-entries", "/api/v1/pings", "/api/v1/capture-tokens", "/api/v1/people"];

/// The places of the walkers: a member, somebody whose role changes, and an admin.
const ADA: usize = 0;
const EVE: usize = 1;
const ROOT: usize = 2;

async fn a_member_neither_sees_nor_changes_what_is_not_its_own(service: Service) {
    let service = service.set("STINT_WORKER__IN_SERVE", "true");
    let mut walk = Walk::begin(&service).await;
    walk.try_everything().await;
    for step in 0..STEPS {
        if step % ROLE_LASTS == ROLE_LASTS - 1 {
            walk.change_role().await;
        }
        walk.step().await;
        walk.look().await;
    }
    walk.assert_it_led_somewhere().await;
    service.assert_totals_are_sums().await;
}

struct Walk<'a> {
    api: &'a Client,
    dice: Dice,
    document: Value,
    operations: Vec<Operation>,
    listings: Vec<Operation>,
    walkers: [Walker; 3],
    database: Database,
    /// Cursors that somebody was given.
    cursors: Vec<String>,
    seen: Seen,
}

/// How often something happened.
#[derive(Debug, Default)]
struct Seen {
    /// A member or a viewer got what they asked for.
    granted: usize,
    /// They were told that there is nothing.
    absent: usize,
    /// They were told that they may not.
    forbidden: usize,
}

impl<'a> Walk<'a> {
    async fn begin(service: &'a Service) -> Self {
        let api = &service.api;
        let walkers = [
            Walker::begin(service, "ada", "member", "kestrel").await,
            Walker::begin(service, "eve", "member", "pangolin").await,
            Walker::begin(service, "root", "admin", "lighthouse").await,
        ];
        let document = api.anonymous().get("/openapi.json").await.expect(200).json();
        let (operations, database) = (operations::all(api).await, service.database());
        let is_listing = |operation: &&Operation| Variation::is_listing(&document, operation);
        let listings = operations.iter().filter(is_listing).cloned().collect();
        let (dice, cursors, seen) = (Dice::new(seed()), Vec::new(), Seen::default());
        let mut walk = Self { api, dice, document, operations, listings, walkers, database, cursors, seen };
        // Something of everybody is there, and a page of it has ended.
        for walker in &walk.walkers {
            Ground::new(api, &walker.owner, "own").ping().await;
        }
        for listing in LISTINGS {
            let page = walk.walkers[ROOT].browser.get(&format!("{listing}?limit=1")).await.expect(200);
            walk.harvest(&page);
        }
        walk
    }

    async fn change_role(&mut self) {
        let roles = ["viewer", "member", "manager"].into_iter().filter(|role| *role != self.walkers[EVE].role);
        let role = *self.dice.pick(&roles.collect::<Vec<_>>());
        let account = format!("/api/v1/people/{}", id_of(self.api, &self.walkers[EVE].handle).await);
        let root = &self.walkers[ROOT].browser;
        root.sends(root.client.patch(&account, &json!({ "role": role }))).await.expect(200);
        self.walkers[EVE].role = role;
        self.walkers[EVE].sign_in_again(self.api).await;
    }

    /// The member asks for one of everything that is the admin's.
    async fn try_everything(&mut self) {
        for operation in self.operations.clone() {
            let owner = if captures(&operation) { ADA } else { ROOT };
            self.act(ADA, &operation, owner).await;
        }
    }

    /// Somebody does something.
    async fn step(&mut self) {
        let actor = *self.dice.pick(&[ADA, ADA, ADA, EVE, EVE, EVE, ROOT]);
        let operation = self.dice.pick(&self.operations).clone();
        // Whoever has the secret of a capture token acts for its owner.
        let owners: Vec<_> = if captures(&operation) { vec![actor] } else { vec![ADA, EVE, ROOT, actor] };
        let owners: Vec<_> = owners.into_iter().filter(|owner| self.walkers[*owner].role != "viewer").collect();
        if owners.is_empty() {
            return;
        }
        let owner = *self.dice.pick(&owners);
        self.act(actor, &operation, owner).await;
    }

    async fn act(&mut self, actor: usize, operation: &Operation, owner: usize) {
        let answer = self.send(actor, operation, owner).await;
        let is_ping = operation.method == "POST" || operation.method == "GET" && operation.route.starts_with("/ping/");
        if captures(operation) && is_ping {
            // What was sent before is logged before.
            Ground::new(self.api, &self.walkers[actor].owner, "own").ping().await;
        }
        let is_signed_out = answer.header("set-cookie").is_some_and(|cookie| cookie.contains("Max-Age=0"));
        if is_signed_out || operation.route.ends_with("/me/password") {
            self.walkers[actor].sign_in_again(self.api).await;
        }
    }

    /// Somebody lists what there is, by whichever filters.
    async fn look(&mut self) {
        let (actor, operation) = (*self.dice.pick(&[ADA, EVE]), self.dice.pick(&self.listings).clone());
        self.send(actor, &operation, ROOT).await;
    }

    /// The actor sends a request about something of the owner's.
    async fn send(&mut self, actor: usize, operation: &Operation, owner: usize) -> Answer {
        let scope = *self.dice.pick(&["own", "read", "write", "admin"]);
        let row = operation.row(&Ground::new(self.api, &self.walkers[owner].owner, scope)).await;
        let (what, request) = self.request(actor, operation, row).await;
        let is_watched = operation.method != "GET" && ["viewer", "member"].contains(&self.walkers[actor].role);
        let before = if is_watched { self.state_of_others(actor) } else { Vec::new() };
        let answer = request.await;
        self.check(actor, &what, &answer);
        if is_watched {
            let after = self.state_of_others(actor);
            let differs = before
                .iter()
                .filter(|row| !after.contains(row))
                .chain(after.iter().filter(|row| !before.contains(row)));
            assert_eq!(differs.collect::<Vec<_>>(), Vec::<&String>::new(), "changed by {what}: {answer}");
        }
        self.harvest(&answer);
        answer
    }

    /// A variation of the row, as the actor sends it, with its text.
    async fn request(&self, actor: usize, operation: &Operation, row: operations::Row) -> (String, Request) {
        let (_, path, body) = row;
        let made: Vec<_> = self.walkers.iter().flat_map(|walker| walker.owner.made.borrow().clone()).collect();
        let varied = Variation { dice: &self.dice, document: &self.document, made: &made, cursors: &self.cursors };
        let (path, body) = (varied.path(operation, path), varied.body(body));
        let headers = varied.headers(self.api, operation, &path).await;
        let walker = &self.walkers[actor];
        let by_cookie = self.dice.below(2) == 0;
        let client = if by_cookie { &walker.browser.client } else { &walker.owner.client };
        let request = operation.request(client, &path, body.as_ref());
        let request = if by_cookie { walker.browser.sends(request) } else { request };
        let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value.as_str()));
        let what = format!(
            "{} {path} {} {headers:?} by the {} {}",
            operation.method,
            body.unwrap_or_default(),
            walker.role,
            walker.handle
        );
        (what, request)
    }

    /// Nothing in the answer may be another's that the actor may not see, unless the request named it.
    fn check(&mut self, actor: usize, what: &str, answer: &Answer) {
        let text = answer.to_string();
        let is_unknown = answer.status == 401 && text.contains("\"unauthorized\"");
        assert!(answer.status < 500 && !is_unknown, "{what}: {answer}");
        let role = self.walkers[actor].role;
        for other in [ADA, EVE, ROOT].into_iter().filter(|other| *other != actor) {
            let other = &self.walkers[other];
            let shown = |hidden: &&String| text.contains(*hidden) && !what.contains(*hidden);
            if role == "member" {
                let (made, marks) = (other.owner.made.borrow(), [&other.owner.mark, &other.handle]);
                let hidden = made.iter().chain(marks).find(shown);
                assert_eq!(hidden, None, "{what}: {answer}");
            }
            if role != "admin" {
                assert_eq!(Some(&other.private()).filter(shown), None, "{what}: {answer}");
            }
        }
        if ["viewer", "member"].contains(&role) {
            match answer.status {
                404 => self.seen.absent += 1,
                403 => self.seen.forbidden += 1,
                status => self.seen.granted += usize::from(status < 400),
            }
        }
    }

    /// Everything of the others, and all jobs but for what entries do to them.
    fn state_of_others(&mut self, actor: usize) -> Vec<String> {
        let others = self.walkers.iter().enumerate().filter(|(at, _)| *at != actor);
        let handles = others.map(|(_, other)| format!("'{}'", other.handle)).collect::<Vec<_>>().join(", ");
        let tokens = format!("token_id IN (SELECT id FROM tokens WHERE subject IN ({handles}))");
        let timers = format!("person_id IN (SELECT id FROM people WHERE handle IN ({handles}))");
        let tables: [(&str, &[&str], String); 6] = [
            ("time_entries", &[], format!("created_by IN ({handles})")),
            ("tokens", &["last_used_at"], format!("subject IN ({handles})")),
            ("people", &[], format!("handle IN ({handles})")),
            ("pings", &[], tokens),
            ("timers", &[], timers),
            ("jobs", &["total_minutes", "version", "updated_at"], "1 = 1".to_owned()),
        ];
        tables.iter().flat_map(|(table, without, condition)| self.database.rows(table, without, condition)).collect()
    }

    fn harvest(&mut self, answer: &Answer) {
        let body = serde_json::from_slice::<Value>(&answer.body).unwrap_or_default();
        self.cursors.extend(body["next_cursor"].as_str().map(str::to_owned));
    }

    /// A walk in which nobody gets anything, or over ground without marks, would show nothing.
    async fn assert_it_led_somewhere(&self) {
        let Seen { granted, absent, forbidden } = self.seen;
        assert!(granted > STEPS / 10 && absent > 0 && forbidden > 0, "{:?}", self.seen);
        for listing in LISTINGS {
            let all = json!(self.api.all(&format!("{listing}?limit=200")).await).to_string();
            for walker in &self.walkers {
                assert!(
                    all.contains(&walker.handle) || listing.ends_with("pings"),
                    "{listing} has no {}",
                    walker.handle
                );
                assert!(all.contains(&walker.owner.mark), "{listing} has no {}", walker.owner.mark);
            }
        }
    }
}

/// Whether the operation takes the secret of a capture token.
fn captures(operation: &Operation) -> bool {
    operation.route.starts_with("/ping/") || operation.route.starts_with("/api/wakatime/")
}

/// Another one for each walk, unless it is given.
#[expect(clippy::print_stderr, reason = "a walk that failed can be repeated")]
fn seed() -> u64 {
    let given = std::env::var("STINT_TEST_SEED").ok().map(|seed| seed.parse().expect("a number"));
    let seed = given.unwrap_or_else(|| u64::from(std::time::UNIX_EPOCH.elapsed().unwrap().subsec_nanos()));
    eprintln!("STINT_TEST_SEED={seed}");
    seed
}
