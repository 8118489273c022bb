//! Names, utterances and what may go to a screen.
