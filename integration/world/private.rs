//! Whispers, renamings and absences in the random talk: what is for one alone comes to that one, once, and to nobody else.

use super::{Actor, World};
use chatroom::link::Random;
use chatroom::room::Shown;
use chatroom::session::{Seen, Wish};
use std::collections::{BTreeMap, BTreeSet};

/// Someone whispers, to someone or to nobody, would like another name, allowed or not, or is away.
pub fn disturb(world: &mut World, random: &mut Random, actor: usize) {
    if world.actors[actor].leaving || !world.actors[actor].session.has_room() {
        return;
    }
    let count = world.actors[actor].said.len();
    let other = random.below(world.actors.len() as u64) as usize;
    let wish = match random.below(14) {
        0..6 => {
            let to = world.actors[other].name.clone();
            Wish::Whisper(to, format!("{actor}-{count} 嘘"))
        }
        6 => Wish::Whisper("丙".into(), format!("{actor}-{count} 有人吗")),
        // Names of its own: who loses a name to another while it is away would have to be asked for a third.
        7..10 => {
            let name = format!("丁{actor}-{count}");
            // It may speak under it in a log whose word of that never comes.
            world.actors[actor].names.insert(name.clone());
            Wish::Rename(name)
        }
        10 => Wish::Rename(["管理员", ""][random.below(2) as usize].into()),
        11 => Wish::Act(format!("{actor}-{count} 挥手")),
        // It has a number and makes no event, also between words that go in one datagram.
        _ => Wish::Away("茶".into()),
    };
    world.wish(actor, wish);
}

/// Who saw which whisper, and how often, by its text.
type Heard<'w> = BTreeMap<&'w str, Vec<(&'w Actor, usize)>>;

/// Checks every whisper that was seen, and, where the server has had one life, those that were not.
pub fn check_whispers(world: &World) -> Result<(), String> {
    let mut heard = Heard::new();
    for actor in &world.actors {
        for (life, _, seen) in &actor.seen {
            if let Seen::Whispered(_, text) = seen {
                heard.entry(text).or_default().push((actor, *life));
            }
        }
    }
    for actor in &world.actors {
        for (place, wish) in &actor.private {
            let Wish::Whisper(to, text) = wish else {
                continue;
            };
            let readers = heard.remove(text.as_str()).unwrap_or_default();
            check(world, (actor, *place), (to, text), &readers)?;
        }
    }
    match heard.keys().next() {
        Some(text) => Err(format!("nobody has whispered {text:?}")),
        None => Ok(()),
    }
}

fn check(
    world: &World,
    (author, place): (&Actor, usize),
    (to, text): (&str, &str),
    readers: &[(&Actor, usize)],
) -> Result<(), String> {
    let whisper = format!("{} to {to}: {text:?}", author.name);
    let may_read = |actor: &Actor| actor.names.contains(to);
    let might = |actor: &Actor| may_read(actor) || actor.reader.former.iter().any(|n| n == to);
    if let Some((reader, _)) = readers.iter().find(|(reader, _)| !might(reader)) {
        return Err(format!("{whisper} was read by {}", reader.name));
    }
    // The same again can only have been said again to a server that was started anew.
    let lives: BTreeSet<usize> = readers.iter().map(|(_, life)| *life).collect();
    // And whose name went to another says it again as another member.
    if lives.len() < readers.len() && !author.may_repeat(place) {
        return Err(format!("{whisper} was read {} times", readers.len()));
    }
    if world.lives.len() > 1 {
        return Ok(());
    }
    if author.failed.contains_key(&place) {
        return match readers {
            [] => Ok(()),
            // Said once more as another member, when the reader had gone.
            _ if author.may_repeat(place) => Ok(()),
            _ => Err(format!("{whisper} has failed and was read")),
        };
    }
    // Everyone who may have had the name is there, and has seen everything.
    let present = |actor: &Actor| {
        let gap = { actor.seen.iter() }.any(|(_, _, seen)| matches!(seen, Seen::Gap(_)));
        actor.was_in() && !actor.dead && actor.end.is_none() && !gap
    };
    // One whose name went to another while it was away is another member now.
    // Who had left before it was in, for a silence, comes in as another member.
    let left = { world.lives[0].iter() }
        .any(|event| matches!(event, Shown::Left(name) if name.as_str() == to));
    let all_present = { world.actors.iter() }
        .filter(|a| might(a))
        .all(|a| may_read(a) && present(a));
    // One that was ordered may have failed, of which the word never comes to who is another member by then.
    let known = !author.has_outlived(place);
    let ordered = known && place < author.ordered as usize && present(author);
    let to_itself = may_read(author);
    if readers.is_empty() && ordered && all_present && !left && !to_itself {
        return Err(format!("{whisper} was not read"));
    }
    Ok(())
}
