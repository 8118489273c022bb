//! What is held in memory, beside `limits`.

use super::World;
use chatroom::limits;

/// Runs of one link: a full window, of which each datagram may have been cut in two when the path's size fell.
const FLIGHTS: usize = 2 * limits::WINDOW_MOST as usize;

pub(super) fn check(world: &mut World) -> Result<(), String> {
    let unordered = limits::UTTERANCES_UNORDERED as usize;
    let most = world.config.max_members;
    if let Some(server) = &mut world.server {
        let sizes = server.room.sizes();
        let rows = [
            ("members", sizes.members, most),
            ("events of the log", sizes.log_events, limits::LOG_EVENTS),
            ("bytes of the log", sizes.log_bytes, limits::LOG_BYTES),
            ("departed", sizes.departed, limits::DEPARTED),
            (
                "timers",
                sizes.timers,
                2 * sizes.members + limits::STALE_TIMERS,
            ),
            ("replies", sizes.replies, limits::REPLIES),
            ("sources", sizes.sources, sizes.members),
            ("flights of a member", sizes.flights, FLIGHTS),
            ("early utterances", sizes.early, unordered),
            ("waiting utterances", sizes.waiting, unordered),
        ];
        within("the room", &rows)?;
    }
    for actor in &world.actors {
        let sizes = actor.session.sizes();
        let rows = [
            ("utterances", sizes.queue, limits::UTTERANCES_QUEUED + 1),
            ("tags", sizes.tags, limits::RECENT_TAGS),
            ("flights", sizes.flights, FLIGHTS),
            ("early datagrams", sizes.early, limits::EARLY_DATAGRAMS + 1),
        ];
        within(&actor.name, &rows)?;
    }
    Ok(())
}

fn within(who: &str, rows: &[(&str, usize, usize)]) -> Result<(), String> {
    match rows.iter().find(|(_, held, most)| held > most) {
        Some((what, held, most)) => Err(format!("{who} holds {held} {what}, not {most}")),
        None => Ok(()),
    }
}
