//! The stories: what a user sees, one file each, on the real binary with real SIP, RTP and files.

mod bad_rows_are_listed;
mod checkpoints_are_stamped;
mod commands_are_done_in_one_way;
mod demo_goes_on_after_a_kill;
mod demo_reports_every_call;
mod drain_finishes_or_interrupts;
mod few_files;
mod forgetting;
mod history_explains_itself;
mod hostile_datagrams_are_counted;
mod index_is_made_again;
mod keys_guard_the_past;
mod lists_wait_for_approval;
mod malformed_bodies_name_the_member;
mod many_users_change_at_once;
mod one_process_writes;
mod opt_out_is_everywhere;
mod our_own_phone_rings;
mod rehearsal_is_for_life;
mod reports_are_redone;
mod restore;
mod retention;
mod stream_resumes_without_a_gap;
mod token_is_asked_for;
mod two_servers;
mod unreachable_trunk_pauses;
