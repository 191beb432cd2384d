/* The rules that every store keeps. STORE_KIND says which one is under test. */
#ifndef QVT_TESTS_UNIT_SERVER_STORE_CONFORMANCE_H
#define QVT_TESTS_UNIT_SERVER_STORE_CONFORMANCE_H

/* X(case): conformance_log.c */
#define CONFORMANCE_LOG_CASES(X)                                                                                       \
    X(a_cluster_that_nobody_created_is_empty_at_revision_0)                                                            \
    X(an_append_moves_the_head_and_keeps_records_and_history)                                                          \
    X(positions_and_origins_come_back_bit_by_bit)                                                                      \
    X(an_empty_key_and_an_empty_value_come_back)                                                                       \
    X(a_put_replaces_and_a_delete_removes_one_record)                                                                  \
    X(an_append_on_an_old_head_conflicts_with_what_was_missed)                                                         \
    X(an_append_on_another_history_conflicts_with_nothing)                                                             \
    X(a_refused_append_applies_nothing)                                                                                \
    X(a_change_with_many_records_is_applied_whole)                                                                     \
    X(clusters_do_not_see_each_other)                                                                                  \
    X(only_clusters_with_changes_are_listed)                                                                           \
    X(history_below_keep_from_goes_and_the_newest_change_stays)                                                        \
    X(an_append_on_a_trimmed_head_conflicts_with_nothing)                                                              \
    X(other_logs_are_told_every_change_once_and_in_order)                                                              \
    X(a_log_may_be_closed_from_its_own_callbacks)                                                                      \
    X(a_reload_shares_the_newest_images_with_the_history)                                                              \
    X(a_random_walk_survives_a_restart)                                                                                \
    X(running_out_of_memory_applies_nothing)

/* X(case): conformance_leases.c */
#define CONFORMANCE_LEASES_CASES(X)                                                                                    \
    X(a_granted_lease_runs_for_its_ttl)                                                                                \
    X(a_renewal_gives_the_full_ttl_again)                                                                              \
    X(a_renewal_without_lease_finds_none)                                                                              \
    X(lapsed_leases_are_listed_longest_first_and_at_most_max)                                                          \
    X(a_dropped_lease_is_gone)                                                                                         \
    X(a_lease_that_is_over_can_be_renewed_until_dropped)                                                               \
    X(an_append_on_lapsed_leases_is_unmet_while_one_runs)                                                              \
    X(a_refused_append_grants_nothing)                                                                                 \
    X(loaded_silos_that_are_not_dead_have_a_full_lease)                                                                \
    X(a_commit_ends_leases_after_its_grants)                                                                           \
    X(leases_end_when_the_next_lapse_says)                                                                             \
    X(leases_of_clusters_are_apart)                                                                                    \
    X(published_values_are_collected_until_they_expire)                                                                \
    X(a_replica_replaces_its_own_value)                                                                                \
    X(soft_state_never_moves_the_head)

/* X(case): conformance_moves.c */
#define CONFORMANCE_MOVES_CASES(X)                                                                                     \
    X(moves_have_a_head_records_and_history_of_their_own)                                                              \
    X(an_append_to_moves_needs_both_heads)                                                                             \
    X(an_append_to_moves_leaves_the_cluster_where_it_is)                                                               \
    X(moves_without_a_cluster_are_refused)                                                                             \
    X(moves_of_clusters_are_apart)                                                                                     \
    X(moves_are_told_to_logs_of_moves_only)

#define CONFORMANCE_DECLARE(name) void name(void);
CONFORMANCE_LOG_CASES(CONFORMANCE_DECLARE)
CONFORMANCE_LEASES_CASES(CONFORMANCE_DECLARE)
CONFORMANCE_MOVES_CASES(CONFORMANCE_DECLARE)
#undef CONFORMANCE_DECLARE

#endif
