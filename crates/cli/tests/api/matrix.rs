//! What each caller gets from each route: every operation of the OpenAPI document by every kind of caller, as the tables in
//! docs/people.md show it. `STINT_TEST_WRITE_DOCS=1` writes them there.

mod callers;
mod table;

use self::callers::{Caller, browsers, people, programs};
use self::table::Table;
use super::operations::ground::{Ground, Owner, Used};
use super::operations::{self, Kind, Operation, Row};
use super::people::person;
use super::service::{Service, on_both_databases};

on_both_databases!(the_guide_shows_what_each_caller_gets_from_each_route);

/// The heads of the columns that must be the same: who has nothing that is valid.
const NOBODY: [&str; 3] = ["nobody", "deactivated", "expired"];

async fn the_guide_shows_what_each_caller_gets_from_each_route(service: Service) {
    let service = service.set("STINT_WORKER__IN_SERVE", "true");
    let stage = Stage::set(&service).await;
    let operations = operations::all(&service.api).await;
    let mut tables = Vec::new();
    for callers in [programs(&service).await, people(&service).await, browsers(&service).await] {
        let mut table = Table::new(callers.iter().map(|caller| caller.head).collect());
        for operation in &operations {
            table.add(operation, stage.cells(operation, &callers).await);
        }
        for (operation, cells) in table.of(&NOBODY) {
            assert!(cells.iter().all(|cell| *cell == cells[0]), "{operation} tells {NOBODY:?} apart: {cells:?}");
        }
        tables.push(table.markdown());
    }
    table::compare_with_guide(&tables);
}

/// What the requests are about.
struct Stage<'a> {
    service: &'a Service,
    /// Somebody else, whose entries, tokens and sessions the callers ask for.
    other: Owner,
}

/// A request that several callers can send, until one of them changes something.
struct Laid {
    row: Row,
    used: Used,
}

impl<'a> Stage<'a> {
    async fn set(service: &'a Service) -> Self {
        let zoe = person(service, "zoe", "member").await;
        let token = zoe.new_token(&["own"]).await;
        Self { service, other: Owner::person(&service.api.with_token(token), "zoe", "own", "others") }
    }

    /// What each caller gets.
    async fn cells(&self, operation: &Operation, callers: &[Caller]) -> Vec<String> {
        let (mut cells, mut shared) = (Vec::new(), None);
        for caller in callers {
            let Laid { row, used } = match shared.take() {
                Some(laid) => laid,
                None => self.lay(operation, &self.other, caller).await,
            };
            let others = self.status(operation, &row, caller).await;
            let own = match caller.owner(used).filter(|_| row.0 != Kind::Captures) {
                Some(owner) => {
                    let laid = self.lay(operation, owner, caller).await;
                    self.status(operation, &laid.row, caller).await
                }
                None => others,
            };
            cells.push(if own == others { own.to_string() } else { format!("{own}/{others}") });
            let is_as_before = others >= 400 || ["GET", "HEAD"].contains(&operation.method.as_str());
            shared = (is_as_before && !used.scope).then_some(Laid { row, used });
        }
        cells
    }

    async fn lay(&self, operation: &Operation, owner: &Owner, caller: &Caller) -> Laid {
        let ground = Ground::new(&self.service.api, owner, caller.scope);
        let row = operation.row(&ground).await;
        Laid { row, used: ground.used() }
    }

    async fn status(&self, operation: &Operation, (_, path, body): &Row, caller: &Caller) -> u16 {
        let request = operation.request(caller.client(), path, body.as_ref());
        let answer = caller.sends(request).await;
        caller.stays_signed_in(&self.service.api, &answer).await;
        if operation.route.contains("/timer") {
            caller.rests().await;
        }
        answer.status
    }
}
