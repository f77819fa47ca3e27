// Made by scripts/client.mjs from the server's description; not edited by hand.
export interface paths {
    "/api/v1/alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_alerts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/approvals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_approvals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/calls": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_calls"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/calls/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_calls_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/calls/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_calls_id_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/calls/{id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_calls_id_replay"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_campaigns"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_campaigns_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{id}/abandonment": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_campaigns_id_abandonment"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_campaigns_id_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{id}/funnel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_campaigns_id_funnel"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{id}/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_campaigns_id_report"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{id}/targets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_campaigns_id_targets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/customers/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_customers_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/customers/{id}/timeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_customers_id_timeline"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/customers/{id}/why-not": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_customers_id_why_not"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/log/checkpoint": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_log_checkpoint"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/reports/daily": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_reports_daily"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sign-in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_sign_in"];
        put?: never;
        post: operations["post_sign_in"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_stop"];
        put?: never;
        post: operations["post_stop"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/whoami": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_whoami"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get: operations["get_readyz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/{id}/acknowledge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["post_alerts_id_acknowledge"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["post_campaigns_id_pause"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["post_campaigns_id_resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/campaigns/{id}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["post_campaigns_id_stop"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sign-out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["post_sign_out"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stop/lift": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: operations["post_stop_lift"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description An answer, and as of when it is. */
        AbandonmentStanding: {
            budget: components["schemas"]["BudgetShown"];
            /** @example TASK20261120 */
            campaign: string;
            complete_up_to?: components["schemas"]["CompleteUpTo"] | null;
            definitions: components["schemas"]["Definition"][];
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            from: string | null;
            /** @description Of the past: where the answer lies. */
            known?: components["schemas"]["Known"] | null;
            position: string;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            recorded_at: string | null;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            to: string | null;
        };
        /**
         * @description An act that needs a second person.
         * @enum {string}
         */
        Act: "erase_person" | "release_hold" | "answer_deletion" | "inspect_clear" | "notice_clear" | "export_clear" | "reveal_many" | "anonymise_campaign" | "set_retention" | "import_list" | "publish_flow" | "roll_back_flow" | "publish_model" | "publish_knowledge" | "promote_campaign";
        /** @description Behind which campaign, and how far that has come. */
        After: {
            /** @example TASK20261120 */
            campaign: string;
            reached: components["schemas"]["Reached"];
        };
        /** @description An alert after an order. */
        AlertChanged: {
            acknowledged: boolean;
            /**
             * Format: uuid
             * @example d87e66ea-eb38-51c5-9a55-30d3938573b9
             */
            alert: string;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            muted_until: string | null;
            position: string;
            standing: boolean;
        };
        /** @description The figure that was looked at, with its limit; whole numbers, the unit says of what. */
        AlertFigure: {
            limit: number;
            /** @description `per_mille`, `count`, `events`, `ms`. */
            unit: string;
            value: number;
            /**
             * @description Over how long it was taken; 0 for the moment itself.
             * @default 0
             */
            window_ms: number;
        };
        /** @description A person sees to it. */
        AlertNote: {
            by?: string | null;
            note: string;
        };
        /** @description One alert as it is now. */
        AlertRow: {
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            acknowledged_at: string | null;
            acknowledged_by: string | null;
            /**
             * Format: uuid
             * @example d87e66ea-eb38-51c5-9a55-30d3938573b9
             */
            alert: string;
            /** @example TASK20261120 */
            campaign?: string | null;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            cleared_at: string | null;
            detail: string;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            escalated_at: string | null;
            /** @description The figure that raised it, or that ended it. */
            figure: components["schemas"]["AlertFigure"];
            label_en: string;
            label_zh: string;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            muted_until: string | null;
            note: string | null;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            raised_at: string;
            /** @description How often it has been raised, in all. */
            raised_count: number;
            rule: components["schemas"]["AlertRule"];
            severity: components["schemas"]["Severity"];
            standing: boolean;
            subject: string;
        };
        /**
         * @description What is watched (REP-6). Further rules are added at the end.
         * @enum {string}
         */
        AlertRule: "angry_callers" | "answer_ratio_low" | "line_failures" | "abandon_budget" | "view_parked" | "views_late" | "calls_left_over" | "log_damaged" | "history_lost" | "clock_off" | "sensitive_word" | "engine_failing";
        /** @description A list, and where its next page begins. */
        AlertsStandingPage: {
            complete_up_to?: components["schemas"]["CompleteUpTo"] | null;
            items: components["schemas"]["AlertRow"][];
            /** @description Of the past: where the answer lies. */
            known?: components["schemas"]["Known"] | null;
            /**
             * @description Send it as `cursor` with the same other parameters; null on the last page.
             * @example AeF2qb5i1rAjTq0mYyR9wYc0Mg
             */
            next_cursor: string | null;
        };
        /** @description An approved answer that was thought of. */
        AnswerCandidate: {
            /**
             * @description Its id in the knowledge base.
             * @example 提前还款
             */
            answer: string;
            /** @description How near it is, in thousandths. */
            score_permille: number;
        };
        /** @description One approval. */
        Approval: {
            act: components["schemas"]["Act"];
            /** @example 删除个人信息 */
            act_zh: string;
            /** @example TASK20261120 */
            campaign: string | null;
            /** @example 0a1b2c3d4e5f60718293a4b5c6d7e8f9 */
            customer: string | null;
            decision: components["schemas"]["DecisionShown"] | null;
            /**
             * @description What else fixes what was asked for.
             * @example {
             *       "request": "00000000-0000-5000-8000-000000000001"
             *     }
             */
            details: {
                [key: string]: string;
            };
            /**
             * Format: date-time
             * @description From when on it is neither approved nor used.
             * @example 2026-11-20T02:00:00.000000Z
             */
            expires_at: string;
            /**
             * Format: uuid
             * @example f8bd0ffd-b759-5cf0-b55a-aefc7ea51547
             */
            id: string;
            reason: string;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            requested_at: string;
            /** @example wang */
            requested_by: string;
            /** @enum {string} */
            standing: "waiting" | "approved" | "rejected" | "used" | "expired";
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            used_at: string | null;
        };
        /** @description A list, and where its next page begins. */
        ApprovalListPage: {
            items: components["schemas"]["Approval"][];
            /**
             * @description Send it as `cursor` with the same other parameters; null on the last page.
             * @example AeF2qb5i1rAjTq0mYyR9wYc0Mg
             */
            next_cursor: string | null;
        };
        /**
         * @description Why the institution may call these people at all.
         * @enum {string}
         */
        Basis: "contract" | "consent";
        /** @description The data of another version. */
        BesideData: {
            data: (number | null)[];
            label: components["schemas"]["Texts"];
            /** @description Null of a ratio of a live window, which is no metric. */
            metric: string | null;
            version?: number | null;
        };
        BudgetShown: {
            abandoned: number;
            answered: number;
            limit_per_mille: number;
            /** @example abandon_ratio_house */
            metric: string;
            /** @description Cut off; null of no call. */
            used_per_mille: number | null;
            window_days: number;
        };
        /** @description One call in the list. */
        CallListed: {
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            answered_at: string | null;
            attempt: number;
            callee: string | null;
            /** @example TASK20261120 */
            campaign: string;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            corrected_at: string | null;
            /** @example 0a1b2c3d4e5f60718293a4b5c6d7e8f9 */
            customer: string;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            dialing_at: string | null;
            /** @description As known now, or at the moment asked for. */
            disposition: components["schemas"]["Disposition"] | null;
            disposition_zh: string | null;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            ended_at: string | null;
            /**
             * Format: uuid
             * @example bfe2ae75-58ca-5f5a-9c04-eb33cdd94f14
             */
            id: string;
            late_answer: boolean;
            outcome: components["schemas"]["Outcome"] | null;
            /** @description As it was recorded first. */
            recorded_disposition: components["schemas"]["Disposition"] | null;
            recorded_outcome: components["schemas"]["Outcome"] | null;
            recording_sha256: string | null;
            state: components["schemas"]["FourState"];
            talk_ms: number | null;
            trunks: string[];
        };
        /** @description A call as shown. */
        CallShown: {
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            answered_at: string | null;
            /** @description Of the enrolment, from 1. */
            attempt: number | null;
            /** @description The number dialed, masked; null where its key is not at hand, and in the answer to a command. */
            callee: string | null;
            /** @example TASK20261120 */
            campaign: string | null;
            /** @description What was corrected after its end. */
            corrections?: components["schemas"]["CorrectionShown"][] | null;
            /** @example 0a1b2c3d4e5f60718293a4b5c6d7e8f9 */
            customer: string | null;
            ended: components["schemas"]["EndShown"] | null;
            flow: components["schemas"]["FlowRef"] | null;
            /**
             * Format: uuid
             * @example bfe2ae75-58ca-5f5a-9c04-eb33cdd94f14
             */
            id: string;
            /** @description Of the past: where the answer lies. */
            known?: components["schemas"]["Known"] | null;
            legs: components["schemas"]["LegShown"][];
            /**
             * @description Where in the flow it is, or ended.
             * @example greeting
             */
            node: string | null;
            /** @description Of a call that was recorded: the digest of the recording, and whether its time is over. */
            recording?: components["schemas"]["Logged"] | null;
            state: components["schemas"]["FourState"];
            transfer_requested: boolean;
            /** @description What was true at the instant asked for, by what is known. */
            true_then?: components["schemas"]["TrueThen"] | null;
        };
        /** @description A time that was named for being called again. */
        CallbackShown: {
            /**
             * @description Who alone makes the call, until `any_from`.
             * @example wang
             */
            agent: string | null;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            any_from: string | null;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            at: string;
            /**
             * Format: date-time
             * @description From then on it is missed.
             * @example 2026-11-20T02:00:00.000000Z
             */
            until: string;
        };
        /** @description A list, and where its next page begins. */
        CallsListedStandingPage: {
            complete_up_to?: components["schemas"]["CompleteUpTo"] | null;
            items: components["schemas"]["CallListed"][];
            /** @description Of the past: where the answer lies. */
            known?: components["schemas"]["Known"] | null;
            /**
             * @description Send it as `cursor` with the same other parameters; null on the last page.
             * @example AeF2qb5i1rAjTq0mYyR9wYc0Mg
             */
            next_cursor: string | null;
        };
        /** @description A figure in each column; null of nothing. */
        CampaignDay: {
            abandon_ratio_house_v1: components["schemas"]["Cell"] | null;
            answer_ratio_per_call_v1: components["schemas"]["Cell"] | null;
            answer_ratio_per_call_v2: components["schemas"]["Cell"] | null;
            answer_ratio_per_customer_v1: components["schemas"]["Cell"] | null;
            answer_ratio_per_customer_v2: components["schemas"]["Cell"] | null;
            answered_calls_v1: components["schemas"]["Cell"] | null;
            campaign: string;
            conversion_ratio_v1: components["schemas"]["Cell"] | null;
            conversion_ratio_v2: components["schemas"]["Cell"] | null;
            conversions_v1: components["schemas"]["Cell"] | null;
            dialed_calls_v1: components["schemas"]["Cell"] | null;
            reach_ratio_v1: components["schemas"]["Cell"] | null;
            talk_ms_mean_v1: components["schemas"]["Cell"] | null;
        };
        /** @description One campaign now. */
        CampaignFigures: {
            /** @example TASK20261120 */
            campaign: string;
            last_5_minutes: components["schemas"]["WindowFigures"];
            last_hour: components["schemas"]["WindowFigures"];
            /**
             * @example {
             *       "talking": 3
             *     }
             */
            open: {
                [key: string]: number;
            };
        };
        /** @description One campaign in the list. */
        CampaignListed: {
            alerts: number;
            answer_ratio: number | null;
            answer_ratio_people: number | null;
            answered: number;
            calls_ended: number;
            conversion_ratio: number | null;
            conversion_ratio_people: number | null;
            dialed: number;
            enrolled: number;
            /** @example TASK20261120 */
            id: string;
            /** @example trunk_unreachable */
            last_alert?: string | null;
            /** @example trunk-1 answers nothing */
            last_alert_detail?: string | null;
            open: number;
            preset: components["schemas"]["Preset"];
            settled: number;
            status: components["schemas"]["CampaignStatus"];
            talk_ms_mean: number | null;
            /** @example TASK20261120 */
            task_id: string;
            waiting: number;
        };
        /** @description What is said of one campaign, in short. */
        CampaignSaid: {
            /** @example TASK20261120 */
            campaign: string;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            not_before: string | null;
            permitted: boolean;
            /** @example calling_window */
            rule: string | null;
        };
        /** @description One campaign. */
        CampaignShown: {
            alerts?: number;
            answer_ratio?: number | null;
            answer_ratio_people?: number | null;
            answered?: number;
            basis?: components["schemas"]["Basis"];
            calls_ended?: number;
            conversion_ratio?: number | null;
            conversion_ratio_people?: number | null;
            customer_segment?: string | null;
            dialed?: number;
            duplicates?: components["schemas"]["Duplicates"];
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            ends_at?: string | null;
            /** @description By the closed lists' own counts. */
            enrolled: number;
            flow?: components["schemas"]["FlowRef"];
            /** @example TASK20261120 */
            id: string;
            /** @description Of the past: where the answer lies. */
            known?: components["schemas"]["Known"] | null;
            /** @example trunk_unreachable */
            last_alert?: string | null;
            /** @example trunk-1 answers nothing */
            last_alert_detail?: string | null;
            open?: number;
            open_lists: number;
            pause_reason?: components["schemas"]["PauseReason"] | null;
            preset?: components["schemas"]["Preset"];
            purpose?: string;
            /** @description When it begins, who comes back, and its part of lines. */
            running?: components["schemas"]["RunningPlan"] | null;
            schedule?: components["schemas"]["ScheduleShown"];
            settled?: number;
            /** @description How far it has gone live, of one that does so in stages. */
            stage?: components["schemas"]["StageShown"] | null;
            /** @description Told to start, and waiting for its time or for another campaign. */
            start_scheduled?: boolean;
            status: components["schemas"]["CampaignStatus"] | null;
            talk_ms_mean?: number | null;
            /** @example TASK20261120 */
            task_id: string;
            /** @description In which its own times are meant. */
            time_zone?: string;
            versions?: components["schemas"]["Versions"];
            waiting?: number;
        };
        /**
         * @description Where a campaign is in its life: draft → ready → running ⇄ paused → completed / stopped.
         * @enum {string}
         */
        CampaignStatus: "running" | "paused" | "draft" | "ready" | "completed" | "stopped";
        /** @description A list, and where its next page begins. */
        CampaignsPage: {
            complete_up_to?: components["schemas"]["CompleteUpTo"] | null;
            items: components["schemas"]["CampaignListed"][];
            /** @description Of the past: where the answer lies. */
            known?: components["schemas"]["Known"] | null;
            /**
             * @description Send it as `cursor` with the same other parameters; null on the last page.
             * @example AeF2qb5i1rAjTq0mYyR9wYc0Mg
             */
            next_cursor: string | null;
            versions: components["schemas"]["Versions"];
        };
        /** @description One meaning that was thought of. */
        CandidateShown: {
            /** @example ask_term */
            intent: string;
            score_permille: number;
        };
        Categories: {
            /**
             * @example [
             *       "10:00"
             *     ]
             */
            data: string[];
            /** @example category */
            type: string;
        };
        /** @description A figure in a cell. */
        Cell: {
            denominator: number | null;
            numerator: number;
            value: number | null;
        };
        /** @description A figure in each column; null of nothing. */
        Cells: {
            abandon_ratio_house_v1: components["schemas"]["Cell"] | null;
            answer_ratio_per_call_v1: components["schemas"]["Cell"] | null;
            answer_ratio_per_call_v2: components["schemas"]["Cell"] | null;
            answer_ratio_per_customer_v1: components["schemas"]["Cell"] | null;
            answer_ratio_per_customer_v2: components["schemas"]["Cell"] | null;
            answered_calls_v1: components["schemas"]["Cell"] | null;
            conversion_ratio_v1: components["schemas"]["Cell"] | null;
            conversion_ratio_v2: components["schemas"]["Cell"] | null;
            conversions_v1: components["schemas"]["Cell"] | null;
            dialed_calls_v1: components["schemas"]["Cell"] | null;
            reach_ratio_v1: components["schemas"]["Cell"] | null;
            talk_ms_mean_v1: components["schemas"]["Cell"] | null;
        };
        /**
         * @description How sure a reading is.
         * @enum {string}
         */
        Certainty: "accepted" | "to_confirm" | "abstained" | "back_channel";
        /** @description ECharts options of a bar chart. ECharts leaves members alone that it does not know. */
        Chart: {
            /** @description The data of the other versions, in the same order, for whoever wants to add a series. */
            beside?: components["schemas"]["BesideData"][];
            /** @description The metric and version that it draws. */
            metric?: components["schemas"]["Named"] | null;
            series: components["schemas"]["Series"][];
            xAxis: components["schemas"]["Categories"];
            yAxis: components["schemas"]["ValueAxis"];
        };
        /** @description A signed checkpoint (C2SP tlog-checkpoint). */
        CheckpointShown: {
            /**
             * @description The signed note itself.
             * @example ledgerline.example/log
             *     42
             *     CsUY
             *
             *     — ledgerline.example Az3g
             */
            checkpoint: string;
            /**
             * @description With which its signature is checked.
             * @example ledgerline.example+1a2b3c4d+AQ==
             */
            key: string;
            /** @example 3f5a 9c01 77de 4b12 */
            key_fingerprint: string;
            /**
             * @description Which log.
             * @example ledgerline.example/log
             */
            origin: string;
            /** @description Merkle root over them, lower hex (RFC 9162). */
            root: string;
            /** @description Events that it covers. */
            size: number;
        };
        /** @description One event; absent members are left out, `position` is a decimal string because it may exceed 2^53. */
        CloudEvent: {
            campaign?: string | null;
            /**
             * Format: uuid
             * @example 1b1da118-8e8b-5fa5-a790-a286a71e79b0
             */
            causationid?: string | null;
            /**
             * Format: uuid
             * @example 1b1da118-8e8b-5fa5-a790-a286a71e79b0
             */
            correlationid?: string | null;
            customer?: string | null;
            data: components["schemas"]["EventData"];
            /** @example application/json */
            datacontenttype: string;
            /**
             * Format: uuid
             * @example 1b1da118-8e8b-5fa5-a790-a286a71e79b0
             */
            id: string;
            kindversion: number;
            position: string;
            rehearsal?: boolean;
            /** @example /ledgerline */
            source: string;
            /** @example 1.0 */
            specversion: string;
            streamversion: number;
            /**
             * @description The stream.
             * @example campaign-TASK20261120
             */
            subject: string;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            time: string;
            /**
             * @description Of the request that led to it, where it was part of a trace (W3C Trace Context; the extension
             *     Distributed Tracing).
             * @example 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
             */
            traceparent?: string | null;
            /** @example campaign.paused */
            type: string;
        };
        /** @description What a column is. */
        Column: {
            /**
             * @description Events that do not exist yet, without which there is no figure.
             * @example call.transferred
             */
            awaits?: string | null;
            /** @description What it can be split by, where not by all; or what it is split by here. */
            by?: components["schemas"]["Split"] | null;
            /** @example answer_ratio_per_call_v1 */
            column: string;
            definition: components["schemas"]["Texts"];
            denominator?: components["schemas"]["TermShown"] | null;
            /** @description The day from which this version is the one to quote. */
            effective_from: string;
            /** @description True of the version that is meant where none is named. */
            headline?: boolean;
            label: components["schemas"]["Texts"];
            name: string;
            numerator?: components["schemas"]["TermShown"] | null;
            /**
             * @description The rule it follows, where it follows one.
             * @example 16 CFR 310.4(b)(4)(i)
             */
            source?: string | null;
            unit: components["schemas"]["Unit"];
            version: number;
        };
        /** @description How far the rows of an answer are. */
        CompleteUpTo: {
            /** @description With none behind it the answer is of the moment at which it is given. */
            behind_events: number;
            /** @description The rows hold every event up to here. */
            position: string;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            recorded_at: string | null;
        };
        /** @description A correction as shown. */
        CorrectionShown: {
            after: components["schemas"]["FindingShown"];
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            at: string;
            before: components["schemas"]["FindingShown"];
            by: string | null;
            /**
             * Format: uuid
             * @description The event that said otherwise.
             * @example 1b1da118-8e8b-5fa5-a790-a286a71e79b0
             */
            corrects: string;
            /**
             * Format: uuid
             * @example 1b1da118-8e8b-5fa5-a790-a286a71e79b0
             */
            id: string;
            position: string;
            reason: string;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            recorded_at: string;
        };
        /** @description How many calls (or enrolments) ended in one way. `code` is a `Disposition` or an `Outcome`. */
        Count: {
            code: string;
            count: number;
        };
        /** @description A call of a person. */
        CustomerCall: {
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            answered_at: string | null;
            attempt: number;
            /**
             * Format: uuid
             * @example bfe2ae75-58ca-5f5a-9c04-eb33cdd94f14
             */
            call: string;
            /** @example TASK20261120 */
            campaign: string;
            disposition: components["schemas"]["Disposition"] | null;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            ended_at: string | null;
            /** @example ffeeddccbbaa99887766554433221100 */
            number: string;
            outcome: components["schemas"]["Outcome"] | null;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            permitted_at: string;
            talk_ms: number | null;
        };
        /** @description One customer; what is personal is masked, and null where it is erased. */
        CustomerShown: {
            calls: string[];
            /**
             * @description The institution's own, masked.
             * @example **1
             */
            customer_id: string | null;
            enrolments: components["schemas"]["EnrolmentShown"][];
            /** @example 0a1b2c3d4e5f60718293a4b5c6d7e8f9 */
            id: string;
            /** @description Of the past: where the answer lies. */
            known?: components["schemas"]["Known"] | null;
            /**
             * @description In which times are said.
             * @example Asia/Shanghai
             */
            local_zone: string;
            /** @example 王* */
            name: string | null;
            numbers: components["schemas"]["NumberOf"][];
            standing: components["schemas"]["Standing"];
            time_zone: string | null;
        };
        /** @description An answer, and as of when it is. */
        DailyStanding: {
            campaigns: components["schemas"]["CampaignDay"][];
            columns: components["schemas"]["Column"][];
            /** @description False where there are more campaigns than one answer holds. */
            complete: boolean;
            complete_up_to?: components["schemas"]["CompleteUpTo"] | null;
            date: string;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            from: string;
            /** @description Of the past: where the answer lies. */
            known?: components["schemas"]["Known"] | null;
            position: string;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            recorded_at: string | null;
            /** @example daily */
            report: string;
            targets: components["schemas"]["TargetReached"][];
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            to: string;
            totals: components["schemas"]["Cells"];
        };
        DatagramsRefused: {
            /** @description Refused by a full queue. */
            dropped: number;
            /** @description Of no leg, or of one but from a stranger. */
            foreign: number;
            /** @description No SIP message. */
            malformed: number;
        };
        /** @description One decision, and why. */
        DecidedShown: {
            explanation: components["schemas"]["Explanation"];
            /** @example 确认分期期数 */
            node: string;
            /**
             * @description The member of the flow that decided.
             * @example nodes.确认分期期数.on_filled
             */
            rule: string;
        };
        /** @description Allow, not before a time, or never for this enrolment. */
        Decision: ("allow" | "forbid") | {
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            defer_until: string;
        };
        /** @description How it was decided. */
        DecisionShown: {
            approved: boolean;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            at: string;
            /**
             * @description Null where the directory's own key rejected it.
             * @example wang
             */
            by: string | null;
            reason: string | null;
        };
        /** @description One definition with its figure; the links lead to the events behind it. */
        Definition: {
            /**
             * @description Events that do not exist yet, without which there is no figure.
             * @example call.transferred
             */
            awaits?: string | null;
            /** @description What it can be split by, where not by all; or what it is split by here. */
            by?: components["schemas"]["Split"] | null;
            definition: components["schemas"]["Texts"];
            denominator?: components["schemas"]["TermShown"] | null;
            denominator_count?: number | null;
            /** @example /api/v1/metrics/abandon_ratio_house/events?version=1&which=denominator */
            denominator_events: string;
            /** @description The day from which this version is the one to quote. */
            effective_from: string;
            /** @description True of the version that is meant where none is named. */
            headline?: boolean;
            label: components["schemas"]["Texts"];
            name: string;
            numerator?: components["schemas"]["TermShown"] | null;
            numerator_count?: number;
            /** @example /api/v1/metrics/abandon_ratio_house/events?version=1&which=numerator */
            numerator_events: string;
            /**
             * @description The rule it follows, where it follows one.
             * @example 16 CFR 310.4(b)(4)(i)
             */
            source?: string | null;
            unit: components["schemas"]["Unit"];
            /** @description Null over nothing. */
            value?: number | null;
            version: number;
        };
        /**
         * @description What the report's own members mean, in words; in the order of `FORMULA` and `PEOPLE`.
         * @example {
         *       "answer_ratio": "in words",
         *       "answer_ratio_people": "in words",
         *       "conversion_ratio": "in words",
         *       "conversion_ratio_people": "in words",
         *       "talk_ms_mean": "in words"
         *     }
         */
        Definitions: {
            answer_ratio: string;
            answer_ratio_people: string;
            conversion_ratio: string;
            conversion_ratio_people: string;
            talk_ms_mean: string;
        };
        /** @description Descriptors in a reply; null where the system sets no limit. */
        DescriptorsShown: {
            connections_room: number;
            legs_room: number | null;
            limit: number | null;
        };
        /** @description A decision about a dial, near the time. */
        DialNear: {
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            at: string;
            /**
             * Format: uuid
             * @example bfe2ae75-58ca-5f5a-9c04-eb33cdd94f14
             */
            call: string;
            /**
             * @description The kind of event that says it.
             * @example customer.dial_refused
             */
            event: string;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            not_before: string | null;
            /** @example 42 */
            position: string;
            /**
             * @description The rule that refused, or why a grant was given back.
             * @example calling_window
             */
            rule: string | null;
        };
        /** @description That a recording was destroyed when its time was over. */
        Disposed: {
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            at: string;
            /**
             * @description For how long it was to be kept.
             * @example 365
             */
            days: number;
            /**
             * @description The number of the disposal of recordings that it was part of.
             * @example 17
             */
            disposal: number;
        };
        /**
         * @description What the person or the network did with a call.
         * @enum {string}
         */
        Disposition: "answered" | "machine" | "screened" | "answered_short" | "no_answer" | "busy" | "rejected" | "blocked" | "unreachable" | "unreachable_route" | "invalid_number" | "congestion" | "trunk_auth" | "trunk_denied" | "trunk_timeout" | "trunk_unreachable" | "media_incompatible" | "redirect_refused" | "loop" | "abandoned" | "interrupted" | "withdrawn" | "not_permitted";
        /**
         * @description Who is enrolled when one phone stands under two customer ids, over all lists of a campaign.
         * @enum {string}
         */
        Duplicates: "by_number" | "by_customer";
        /**
         * @description Why a call, or one of its legs, was ended.
         * @enum {string}
         */
        EndReason: "ring_timeout" | "opted_out" | "campaign_paused" | "campaign_stopped" | "network" | "callee_hung_up" | "flow_ended" | "media_lost" | "drain" | "crash" | "grant_expired" | "fault" | "emergency_stop" | "requested" | "no_agent" | "agent_hung_up";
        /** @description The end of a call. */
        EndShown: {
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            at: string;
            disposition: components["schemas"]["Disposition"];
            disposition_en: string;
            disposition_zh: string;
            outcome: components["schemas"]["Outcome"] | null;
            outcome_en: string | null;
            outcome_zh: string | null;
            reason: components["schemas"]["EndReason"];
            /** @description What was recorded first, where a correction says otherwise. */
            recorded?: components["schemas"]["FindingShown"] | null;
            talk_ms: number;
        };
        /** @description One engine, by its last calls. */
        EngineFigures: {
            /** @description At most its last 20 calls of an hour. */
            calls: number;
            /** @example vosk */
            engine: string;
            engine_kind: components["schemas"]["EngineKind"];
            /** @description Of these, in which it failed. */
            failed_calls: number;
            /** @description Whether it failed in the last of them. */
            failed_last: boolean;
            /**
             * Format: date-time
             * @description When the last of these calls ended.
             * @example 2026-11-20T02:00:00.000000Z
             */
            last_call_at: string;
            /**
             * @description Of the last failure that is remembered.
             * @example unreachable
             */
            last_failure?: string | null;
        };
        /**
         * @description Which engine of ours.
         * @enum {string}
         */
        EngineKind: "recognizer" | "synthesizer";
        /** @description An engine of speech, by its last calls. */
        EngineShown: {
            /** @description At most its last 20 calls of an hour. */
            calls: number;
            /** @example vosk */
            engine: string;
            engine_kind: components["schemas"]["EngineKind"];
            /** @description Of these, in which it failed. */
            failed_calls: number;
            /** @description Whether it failed in the last of them. */
            failed_last: boolean;
            /**
             * @description `served` or `failed` the last call that asked it.
             * @example served
             */
            last_call: string;
            /**
             * Format: date-time
             * @description When the last of these calls ended.
             * @example 2026-11-20T02:00:00.000000Z
             */
            last_call_at: string;
            /**
             * @description Of the last failure that is remembered.
             * @example unreachable
             */
            last_failure?: string | null;
        };
        /** @description A person in a campaign. */
        EnrolmentShown: {
            attempts: number;
            basis: components["schemas"]["Basis"];
            /** @description When the person is to be called again, as they named it. */
            callback: components["schemas"]["CallbackShown"] | null;
            calls_count: number;
            /** @example TASK20261120 */
            campaign: string;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            due_at: string;
            /**
             * Format: uuid
             * @example ea67debc-fc16-52ce-81cf-0219c406aeaa
             */
            list: string;
            /** @description Why it was not dialed when it was last asked for. */
            not_called: components["schemas"]["NotCalled"] | null;
            /**
             * Format: uuid
             * @example bfe2ae75-58ca-5f5a-9c04-eb33cdd94f14
             */
            open_call: string | null;
            settled: components["schemas"]["Settled"] | null;
        };
        /**
         * @description What an event says, by its kind and version, sealed as stored.
         * @example {
         *       "reason": "requested"
         *     }
         */
        EventData: {
            [key: string]: unknown;
        };
        /** @description A page of events. */
        EventPage: {
            items: components["schemas"]["CloudEvent"][];
            next: string;
        };
        /** @description Why the flow went where it went. */
        Explanation: {
            /**
             * @description Of these, those that had another value before.
             * @example [
             *       "terms"
             *     ]
             */
            corrected?: string[];
            input: components["schemas"]["TurnInput"];
            /** @description What was said was read so. */
            reading?: components["schemas"]["SpokenReading"] | null;
            /** @description Which step of a ladder was taken, from 1. */
            rung?: number | null;
            /**
             * @description Names of slots that took a value by this turn.
             * @example [
             *       "terms"
             *     ]
             */
            slots?: string[];
        };
        /** @description How a call ended, with its labels. */
        FindingShown: {
            disposition: components["schemas"]["Disposition"];
            disposition_en: string;
            disposition_zh: string;
            outcome: components["schemas"]["Outcome"] | null;
            outcome_en: string | null;
            outcome_zh: string | null;
        };
        /** @description Which flow a campaign's calls run; the hash is of the published content. */
        FlowRef: {
            content_hash: string;
            /** @example TASK20261120 */
            flow: string;
            version: number;
        };
        /**
         * @description Where a call is, in four states and one for everything else.
         * @enum {string}
         */
        FourState: "INIT" | "CONVERSATION" | "MANUAL" | "END" | "ERROR";
        /** @description An answer, and as of when it is. */
        FunnelStanding: {
            /** @example TASK20261120 */
            campaign: string;
            complete_up_to?: components["schemas"]["CompleteUpTo"] | null;
            /** @description Of the past: where the answer lies. */
            known?: components["schemas"]["Known"] | null;
            position: string | null;
            stages: components["schemas"]["StageRow"][];
        };
        /**
         * @description How far a campaign has gone live.
         * @enum {string}
         */
        GoLiveStage: "full" | "test" | "pilot";
        /** @description One hour's calls, by the time of their first dial. */
        Hour: {
            calls: components["schemas"]["Share"];
            /** @description Beijing's date, `2026-03-02`. */
            date: string;
            /**
             * Format: date-time
             * @description When the hour began.
             * @example 2026-11-20T02:00:00.000000Z
             */
            hour_at: string;
            /** @description Beijing's hour, `08:00`: the category of a chart. */
            label: string;
        };
        /** @description One meaning that was thought of. */
        IntentCandidate: {
            /** @example ask_term */
            intent: string;
            /** @description Its chance, in thousandths. */
            score_permille: number;
        };
        /** @description Which approved answers come nearest to what was said, in one version of a knowledge base. */
        KnowledgeReading: {
            accept_permille: number;
            /** @description Best first, at most three. */
            candidates: components["schemas"]["AnswerCandidate"][];
            /** @description Whether the best one is said, asked back, or left. */
            certainty: components["schemas"]["Certainty"];
            confirm_permille: number;
            /** @example card_instalment */
            knowledge: string;
            knowledge_version: number;
        };
        /** @description Where an answer about the past lies, and what it cost. */
        Known: {
            /**
             * @description What was asked for: a position or an instant.
             * @example 42
             */
            as_of?: string | null;
            /** @description The copy that folding began from. */
            copied_position?: string | null;
            /** @description Events that were folded. */
            events?: number | null;
            /** @description True when the rows were kept from an earlier question. */
            kept?: boolean | null;
            label_en: string;
            label_zh: string;
            /** @description Of one call: its last event known, and when that was recorded. */
            last_position?: string | null;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            last_recorded_at?: string | null;
            /** @description How long folding took. */
            ms?: number | null;
            /** @description The last event known. */
            position: string;
            /**
             * Format: date-time
             * @description When it was recorded; absent where no event has exactly this position.
             * @example 2026-11-20T02:00:00.000000Z
             */
            recorded_at?: string | null;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            valid_at?: string | null;
        };
        /**
         * @description What knew the history that is lost.
         * @enum {string}
         */
        KnownBy: "checkpoint" | "view";
        /** @description One leg of a call. */
        LegShown: {
            answered: boolean;
            caller: string | null;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            dialing_at: string;
            /** @description Answered after it was given up. */
            late_answered: boolean;
            leg: number;
            q850: number | null;
            rang: boolean;
            /** @example 6b2f1f0e-1@ledgerline */
            sip_call_id: string;
            sip_code: number | null;
            trunk: string;
        };
        /** @description Figures of this moment, and how old they are. */
        LivePicture: {
            /** @description Since this process made it, at the instant of sending. */
            age_ms: number;
            campaigns: components["schemas"]["CampaignFigures"][];
            /** @description Engines of speech, by their last calls; one that no call has asked in the last hour is not here. */
            engines: components["schemas"]["EngineFigures"][];
            /** @description Calls and campaigns that did not fit into the memory of this process. */
            forgotten: number;
            last_5_minutes: components["schemas"]["WindowFigures"];
            last_hour: components["schemas"]["WindowFigures"];
            /**
             * @description Open calls by where they are.
             * @example {
             *       "talking": 3
             *     }
             */
            open: {
                [key: string]: number;
            };
            /** @description The last event in the figures, and when it was recorded. */
            position: string;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            recorded_at: string | null;
            /**
             * Format: date-time
             * @description Now, by the clock of this process.
             * @example 2026-11-20T02:00:00.000000Z
             */
            shown_at: string;
            trunks: components["schemas"]["TrunkFigures"][];
            versions: components["schemas"]["Versions"];
        };
        /** @description What a call's record says of its recording. */
        Logged: {
            /** @description That it was destroyed when its time was over. */
            disposed?: components["schemas"]["Disposed"] | null;
            /** @description Of the file, lower hex. */
            sha256: string;
        };
        /** @description A lost history that waits for a person, and since when it is known. */
        LossShown: {
            known_by: components["schemas"]["KnownBy"];
            known_head: string;
            known_root: string | null;
            log_head: string;
            log_root: string | null;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            since: string;
        };
        /** @description A metric and its figure over the campaign. */
        MetricFigure: {
            /**
             * @description Events that do not exist yet, without which there is no figure.
             * @example call.transferred
             */
            awaits?: string | null;
            /** @description What it can be split by, where not by all; or what it is split by here. */
            by?: components["schemas"]["Split"] | null;
            definition: components["schemas"]["Texts"];
            denominator?: components["schemas"]["TermShown"] | null;
            denominator_count: number | null;
            /** @description The day from which this version is the one to quote. */
            effective_from: string;
            /** @description True of the version that is meant where none is named. */
            headline?: boolean;
            label: components["schemas"]["Texts"];
            name: string;
            numerator?: components["schemas"]["TermShown"] | null;
            numerator_count: number;
            /**
             * @description The rule it follows, where it follows one.
             * @example 16 CFR 310.4(b)(4)(i)
             */
            source?: string | null;
            unit: components["schemas"]["Unit"];
            /** @description Null over nothing. */
            value: number | null;
            version: number;
        };
        /** @description A metric by name, version and label: what must stand beside a figure that is quoted. */
        Named: {
            label: components["schemas"]["Texts"];
            /** @description Null of a ratio of a live window, which is no metric. */
            metric: string | null;
            version?: number | null;
        };
        /** @description Why somebody was not dialed, in codes and in words. */
        NotCalled: {
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            at: string;
            en: string;
            /**
             * @description What the rule went by, in its own words.
             * @example {
             *       "hours": "09:00-20:00"
             *     }
             */
            facts: {
                [key: string]: string;
            };
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            next_due_at: string | null;
            rule: string;
            zh: string;
        };
        /** @description A number of a person. */
        NumberOf: {
            /** @example ffeeddccbbaa99887766554433221100 */
            id: string;
            invalid: boolean;
            /**
             * @description Masked.
             * @example 138****8000
             */
            phone: string | null;
        };
        /** @description One offset in a reply. */
        OffsetShown: {
            dialing_allowed: boolean;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            measured_at: string;
            offset_ms: number;
            round_trip_ms: number;
            /** @example ntp.example.com:123 */
            source: string;
            uncertainty_ms: number;
        };
        /**
         * @description How an answered conversation ended.
         * @enum {string}
         */
        Outcome: "success" | "declined" | "callback" | "opted_out" | "wrong_party" | "no_response" | "hung_up" | "transferred" | "failed";
        /** @description A view that an event keeps. */
        ParkedView: {
            position: string;
            view: string;
            why: string;
        };
        /**
         * @description Why a campaign does not dial.
         * @enum {string}
         */
        PauseReason: "requested" | "trunk_unreachable" | "store_unavailable";
        /**
         * @description What an assistant is asked to pick.
         * @enum {string}
         */
        PickOf: "intent" | "answer";
        /** @description What an assistant picked: an id of the list that it was offered, and no other. */
        Picked: {
            /** @example 提前还款 */
            choice: string;
            pick_of: components["schemas"]["PickOf"];
        };
        /**
         * @description A named set of compliance rules (`docs/compliance.md`).
         * @enum {string}
         */
        Preset: "cn-service" | "cn-marketing" | "cn-collection" | "cn-cloud-trunk" | "us-tsr" | "us-regf" | "eu-gdpr";
        /**
         * @description How far a campaign has come that another one waits for.
         * @enum {string}
         */
        Reached: "completed" | "pilot" | "full";
        /**
         * @description What decided a reading.
         * @enum {string}
         */
        ReadBy: "exact" | "rule" | "answer" | "model" | "nothing";
        /** @description That this process takes work, and where it stands. */
        Readiness: {
            /** @description What the clock was compared with; null where that is nothing. */
            clock: components["schemas"]["OffsetShown"][] | null;
            descriptors: components["schemas"]["DescriptorsShown"];
            /**
             * @description Whether it dials, or why not, in a word.
             * @example dialing
             */
            dialing: string;
            /** @description Why nothing is dialed, when the clock is the reason. */
            dialing_refused: string | null;
            /**
             * @description How engines of speech served the last calls of an hour. One that is missing was not asked: nothing is
             *     known of it.
             */
            engines: components["schemas"]["EngineShown"][];
            /** @description A lost history that waits for a person. */
            history_lost: components["schemas"]["LossShown"] | null;
            /** @description The log's head. */
            position: string;
            ready: boolean;
            /** @description The time is made up. */
            rehearsal: boolean;
            /** @description Null where nothing dials. */
            sip_datagrams_refused: components["schemas"]["DatagramsRefused"] | null;
            /**
             * @description The emergency stops that are engaged, of those that concern what is dialed here.
             * @example [
             *       "all"
             *     ]
             */
            stops: string[];
            /**
             * @description Who speaks.
             * @example espeak-ng
             */
            synthesizer: string;
            /** @description A restore that waits for a person. */
            unconfirmed_restore: components["schemas"]["RestoreShown"] | null;
            views_lag_events: number;
            views_parked: components["schemas"]["ParkedView"][];
            worklist_age_ms: number;
        };
        /** @description Why a campaign is ended; of other orders it is read and not kept. */
        Reason: {
            /** @description At most 256 bytes. */
            reason?: string | null;
        };
        /** @description Whose enrolments begin anew, and when: a round has the retry policy's calls again; caps go on counting. */
        Recycle: {
            after_days: number;
            /** @description Whose last call ended so. */
            dispositions: components["schemas"]["Disposition"][];
            /** @description Rounds after the first. */
            rounds_max: number;
        };
        /** @description A decision that was made another way, with both sides. */
        ReplayDifference: {
            /**
             * @description The version that made it.
             * @example card_instalment_spoken@2
             */
            flow: string;
            /** @example 确认分期期数 */
            node: string;
            other: components["schemas"]["ReplaySide"];
            recorded: components["schemas"]["ReplaySide"];
            /** @description The step of the call, from 1. */
            step: number;
            what: components["schemas"]["ReplayUnlike"];
        };
        /** @description What was heard. */
        ReplayHeard: {
            begins_ms: number;
            confidence_permille: number | null;
            ends_ms: number;
            /** @example vosk */
            engine: string;
            /**
             * @description Null where it cannot be read: of an erased person, in a bundle.
             * @example 那就分三期吧
             */
            text: string | null;
        };
        /** @description One text that was said. */
        ReplaySaid: {
            /**
             * @description Its place in the flow.
             * @example nodes.签约.text
             */
            prompt: string;
            prompt_chars: number | null;
            /** @description How much was spoken, where that is on record. */
            spoken_chars: number | null;
            /**
             * @description As the flow has it: variables and slots are not filled in.
             * @example 您选择{{terms}}期，确认请按1。
             */
            text: string | null;
            /** @example warm */
            variant: string | null;
        };
        /** @description A call, replayed. */
        ReplayShown: {
            /**
             * @description The version it was held against.
             * @example card_instalment_spoken@2
             */
            against: string | null;
            /** @description This build decides along the call's own version as it was recorded. */
            agrees: boolean;
            /**
             * Format: uuid
             * @description Null of a bundle.
             * @example bfe2ae75-58ca-5f5a-9c04-eb33cdd94f14
             */
            call: string | null;
            /** @description What was heard is shown as it was said. */
            clear: boolean;
            /** @description Where another decision was made than was recorded: the first, by each version that was asked. */
            differences: components["schemas"]["ReplayDifference"][];
            /**
             * @description The version that the call ran.
             * @example card_instalment_spoken@1
             */
            flow: string;
            /** @description As it was recorded. */
            outcome: components["schemas"]["Outcome"] | null;
            steps: components["schemas"]["ReplayStep"][];
        };
        /** @description What was decided, entered and said on one side. */
        ReplaySide: {
            decided: components["schemas"]["DecidedShown"][];
            /**
             * @example [
             *       "签约"
             *     ]
             */
            entered: string[];
            outcome: components["schemas"]["Outcome"] | null;
            said: components["schemas"]["ReplaySaid"][];
        };
        /** @description What the callee did, and what came of it. */
        ReplayStep: {
            /** @description Since the answer. */
            after_ms: number;
            /** @description In their order: what a confirmation leads to is a decision of its own. */
            decided: components["schemas"]["DecidedShown"][];
            /**
             * @example [
             *       "签约"
             *     ]
             */
            entered: string[];
            heard: components["schemas"]["ReplayHeard"] | null;
            /**
             * @description `answered`, `spoken`, `keypress`, `silence`, `barged_in`, `unheard` or `sensitive_word`.
             * @example spoken
             */
            input: string;
            /**
             * @description The key that was pressed, where it can be read.
             * @example 1
             */
            key: string | null;
            /** @description From 1. */
            n: number;
            /**
             * @description The node the call was in.
             * @example 确认分期期数
             */
            node: string;
            said: components["schemas"]["ReplaySaid"][];
            understood: components["schemas"]["UnderstoodShown"] | null;
        };
        /**
         * @description What differs.
         * @enum {string}
         */
        ReplayUnlike: "outcome" | "way" | "explanation" | "words";
        /** @description The report of a campaign. */
        ReportShown: {
            answer_ratio: number | null;
            answer_ratio_people: number | null;
            answered: number;
            as_of_position: string | null;
            by_flow_version: [
                string,
                components["schemas"]["Share"]
            ][];
            by_trunk: [
                string,
                components["schemas"]["Share"]
            ][];
            /** @example TASK20261120 */
            campaign: string;
            chart: components["schemas"]["Chart"];
            conversion_ratio: number | null;
            conversion_ratio_people: number | null;
            conversions: number;
            /** @description Calls corrected after their end, by move. */
            corrections: components["schemas"]["Count"][];
            definitions: components["schemas"]["Definitions"];
            dialed: number;
            /** @description Of dialed calls: they come to `ended`. What was never dialed is counted apart. */
            dispositions: {
                abandoned?: number;
                answered?: number;
                answered_short?: number;
                blocked?: number;
                busy?: number;
                congestion?: number;
                interrupted?: number;
                invalid_number?: number;
                loop?: number;
                machine?: number;
                media_incompatible?: number;
                no_answer?: number;
                not_permitted?: number;
                redirect_refused?: number;
                rejected?: number;
                screened?: number;
                trunk_auth?: number;
                trunk_denied?: number;
                trunk_timeout?: number;
                trunk_unreachable?: number;
                unreachable?: number;
                unreachable_route?: number;
                withdrawn?: number;
            };
            ended: number;
            enrolled: number;
            hours: components["schemas"]["Hour"][];
            /** @description Of the past: where the answer lies. */
            known?: components["schemas"]["Known"] | null;
            metrics: components["schemas"]["MetricFigure"][];
            outcomes: {
                callback?: number;
                declined?: number;
                failed?: number;
                hung_up?: number;
                no_response?: number;
                opted_out?: number;
                success?: number;
                transferred?: number;
                wrong_party?: number;
            };
            /** @description Of those, answered by a person. */
            person_answered: number;
            settled: number;
            /** @description Final dispositions of enrolments. */
            settled_as: {
                abandoned?: number;
                answered?: number;
                answered_short?: number;
                blocked?: number;
                busy?: number;
                congestion?: number;
                interrupted?: number;
                invalid_number?: number;
                loop?: number;
                machine?: number;
                media_incompatible?: number;
                no_answer?: number;
                not_permitted?: number;
                redirect_refused?: number;
                rejected?: number;
                screened?: number;
                trunk_auth?: number;
                trunk_denied?: number;
                trunk_timeout?: number;
                trunk_unreachable?: number;
                unreachable?: number;
                unreachable_route?: number;
                withdrawn?: number;
            };
            status: components["schemas"]["CampaignStatus"];
            talk_ms_mean: number | null;
            versions: components["schemas"]["Versions"];
            withdrawn: number;
        };
        /** @description A restore that waits for a person. */
        RestoreShown: {
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            backup_made_at: string;
            log_root: string | null;
            source_head: string;
            to_position: string;
        };
        /** @description What one rule says. */
        RuleSaid: {
            decision: components["schemas"]["Decision"];
            /** @example 2026-01-01 */
            effective_from: string;
            en: string;
            /**
             * @example {
             *       "hours": "09:00-20:00"
             *     }
             */
            facts: {
                [key: string]: string;
            };
            /**
             * @description By whose facts: customer or number.
             * @enum {string}
             */
            judged_by: "customer" | "number";
            /** @example calling_window */
            rule: string;
            version: number;
            zh: string;
        };
        /** @description What of a campaign concerns weeks. */
        RunningPlan: {
            /** @description Told to start, it begins once another campaign came so far. */
            after?: components["schemas"]["After"] | null;
            /** @description Who comes back after days. */
            recycle?: components["schemas"]["Recycle"] | null;
            /** @description Its part of lines that several campaigns want; 1 unless it is said. */
            share?: number | null;
            /**
             * Format: date-time
             * @description Told to start, it begins then.
             * @example 2026-11-20T02:00:00.000000Z
             */
            starts_at?: string | null;
        };
        /** @description When, and how many at once. */
        ScheduleShown: {
            /** @example 09:00 */
            end_time: string;
            max_concurrent: number;
            /** @description Pairs: nobody is called between them. */
            rests: [
                string,
                string
            ][];
            /** @example 09:00 */
            start_time: string;
        };
        /** @description One series of bars. */
        Series: {
            /** @description Null where there is no figure. */
            data: (number | null)[];
            /** @example 接通率 */
            name: string;
            /** @example bar */
            type: string;
        };
        /** @description A session that began. */
        Session: {
            /** @description What commands send as `X-CSRF-Token`. */
            csrf_token: string;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            until: string;
            /** @example wang */
            user: string;
        };
        /** @description How an enrolment ended. */
        Settled: {
            disposition: components["schemas"]["Disposition"];
            outcome: components["schemas"]["Outcome"] | null;
        };
        /**
         * @description How urgent it is.
         * @enum {string}
         */
        Severity: "warning" | "critical";
        /** @description Calls counted, and the figures that follow. */
        Share: {
            /** @description 0 to 1; none while nothing was dialed, as the metric of that name says. */
            answer_ratio: number | null;
            answer_ratio_people: number | null;
            answered: number;
            conversion_ratio: number | null;
            conversion_ratio_people: number | null;
            /** @description Calls with outcome `success`. */
            conversions: number;
            dialed: number;
            /** @description Dialed and ended. */
            ended: number;
            /** @description Answered by a person, and ended. */
            person_answered: number;
            talk_ms: number;
            talk_ms_mean: number | null;
            /** @description Answered and ended. */
            talked: number;
        };
        /** @description A name and a password, and a code of whoever has a second factor. */
        SignInOrder: {
            /** @description Of the authenticator app, or a recovery code; where it is missing and needed the reply says so. */
            code?: string | null;
            /** @example wang */
            name: string;
            password: string;
        };
        /** @description That a session ended. */
        SignedOut: {
            /**
             * @description Where a browser goes next to sign out at the identity provider too; null where nobody there stood
             *     behind the session, or the provider publishes no such place.
             * @example https://login.example.com/session/end?client_id=ledgerline
             */
            provider_sign_out: string | null;
            signed_out: boolean;
        };
        /**
         * @description What a figure can be split by, or is.
         * @example hour
         */
        Split: string[] | string;
        /** @description What an utterance was read as, with the scores and thresholds that stood. */
        SpokenReading: {
            /** @description From which score on a reading is accepted; absent where no model was asked. */
            accept_permille?: number | null;
            /** @description Best first, at most three. */
            candidates: components["schemas"]["IntentCandidate"][];
            certainty: components["schemas"]["Certainty"];
            /** @description From which score on it is asked back. */
            confirm_permille?: number | null;
            /** @description What the campaign's knowledge has to it, where it was asked. */
            knowledge?: components["schemas"]["KnowledgeReading"] | null;
            /** @description What an assistant picked of what it was offered. */
            picked?: components["schemas"]["Picked"] | null;
            read_by: components["schemas"]["ReadBy"];
        };
        /**
         * @description The stages, in order.
         * @enum {string}
         */
        Stage: "enrolled" | "permitted" | "dialed" | "rang" | "answered" | "converted" | "told" | "engaged";
        /** @description One stage of a campaign. */
        StageRow: {
            /** @description Customers who came at least so far. */
            customers: number;
            label_en: string;
            label_zh: string;
            /** @description Of the stage before; `null` where that is empty or there is none. */
            of_previous_ratio: number | null;
            stage: components["schemas"]["Stage"];
        };
        /** @description How far a campaign has gone live, and what of its stage is used up. */
        StageShown: {
            calls_per_day_max?: number | null;
            /** @description Calls of a pilot's day, and the most it has. */
            calls_today?: number | null;
            /** @description People whom a test admitted, and the most it admits. */
            people_admitted?: number | null;
            people_max?: number | null;
            stage: components["schemas"]["GoLiveStage"];
            /** @example 测试 */
            stage_zh: string;
            /** @description Why nobody further is dialed now. */
            waiting?: components["schemas"]["WaitingShown"] | null;
        };
        /** @description Whether a person is held, and how far an erasure has come. */
        Standing: {
            /**
             * Format: uuid
             * @description The id of `customer.erased`.
             * @example 1b1da118-8e8b-5fa5-a790-a286a71e79b0
             */
            certificate: string | null;
            certificate_event: string;
            /** @enum {string} */
            erasure: "none" | "requested" | "decided" | "certified";
            /**
             * @description Why, where they are.
             * @example a complaint is being looked into
             */
            held: string | null;
            key_backup_days_max: number;
            /** @description What is not over yet: an erasure waits for these. */
            open_calls: string[];
        };
        /** @description A stop after an order. */
        StopChanged: {
            engaged: boolean;
            /** @description Conversations are hung up too. */
            hang_up: boolean;
            /** @example TASK20261120 */
            id: string | null;
            position: string;
            scope: components["schemas"]["StopScope"];
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            since: string | null;
            /**
             * @description The stop's id: all, trunk.NAME, campaign.ID or preset.CODE.
             * @example campaign.TASK20261120
             */
            stop: string;
        };
        /**
         * @description Which stop is lifted, and why: by its id, or by what it stops.
         * @example {
         *       "reason": "the flow is put right",
         *       "stop": "all"
         *     }
         */
        StopLift: {
            /** @description The trunk, campaign or preset; left out where everything was stopped. */
            id?: string | null;
            /** @description Stored for ever; name no person. */
            reason: string;
            scope?: components["schemas"]["StopScope"] | null;
            /** @description The stop's id, such as all or campaign.TASK20261120; without it scope and id say which. */
            stop?: string | null;
        };
        /**
         * @description What is to stop, and why.
         * @example {
         *       "reason": "the flow names a wrong date",
         *       "scope": "all"
         *     }
         */
        StopOrder: {
            /** @description Hang up those who are being talked to as well; without it they finish. */
            hang_up?: boolean | null;
            /** @description The trunk, campaign or preset; left out where everything is to stop. */
            id?: string | null;
            /** @description Stored for ever; name no person. */
            reason: string;
            scope: components["schemas"]["StopScope"];
        };
        /**
         * @description What kind of thing is stopped.
         * @enum {string}
         */
        StopScope: "all" | "trunk" | "campaign" | "preset";
        /** @description A stop that is engaged. */
        StopShown: {
            /** @description Who engaged it; null where the directory's own key was used and nobody was named. */
            by: string | null;
            /** @description Conversations are hung up too. */
            hang_up: boolean;
            /**
             * @description The trunk, campaign or preset; null where everything is stopped.
             * @example TASK20261120
             */
            id: string | null;
            reason: string;
            scope: components["schemas"]["StopScope"];
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            since: string;
            /**
             * @description The stop's id: all, trunk.NAME, campaign.ID or preset.CODE.
             * @example campaign.TASK20261120
             */
            stop: string;
        };
        /** @description The stops that are engaged. */
        StopsEngaged: {
            items: components["schemas"]["StopShown"][];
        };
        /** @description A target held against what was reached on the day. */
        TargetReached: {
            actual_ratio: number;
            /** @example TASK20261120 */
            campaign: string;
            metric: string;
            reached: boolean;
            target_ratio: number;
            version: number;
        };
        /** @description One target. */
        TargetRow: {
            /** @example TASK20261120 */
            campaign: string;
            metric: string;
            per_mille: number;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            set_at: string;
            set_by?: string | null;
            version: number;
        };
        /** @description What a campaign is to reach. */
        TargetsShown: {
            /** @example TASK20261120 */
            campaign: string;
            items: components["schemas"]["TargetRow"][];
        };
        /** @description What counts, in words. */
        TermShown: {
            en: string;
            /** @example answered_calls */
            term: string;
            zh: string;
        };
        /** @description A text in both languages. */
        Texts: {
            en: string;
            zh: string;
        };
        /** @description One thing that happened. */
        TimelineLine: {
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            at: string;
            /**
             * Format: uuid
             * @example bfe2ae75-58ca-5f5a-9c04-eb33cdd94f14
             */
            call: string | null;
            /** @example TASK20261120 */
            campaign: string | null;
            /**
             * @description By name; never personal.
             * @example {
             *       "disposition": "busy"
             *     }
             */
            facts: {
                [key: string]: unknown;
            };
            kind: string;
            /** @description An event's place in the order of all events: increasing, opaque, 0 before the first. */
            position: number;
        };
        /** @description What happened to one customer, with the calls. */
        TimelineShown: {
            calls: components["schemas"]["CustomerCall"][];
            /** @example 0a1b2c3d4e5f60718293a4b5c6d7e8f9 */
            id: string;
            /** @description Of the past: where the answer lies. */
            known?: components["schemas"]["Known"] | null;
            timeline: components["schemas"]["TimelineLine"][];
        };
        /** @description What was true of a call at an instant, by what is known. */
        TrueThen: {
            answered: boolean;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            ended_at: string | null;
            existed: boolean;
            finding: components["schemas"]["FindingShown"] | null;
            label_en: string;
            label_zh: string;
            /** @example greeting */
            node: string | null;
            state: components["schemas"]["FourState"] | null;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            valid_at: string;
        };
        /** @description One trunk now. */
        TrunkFigures: {
            /** @description Failures that are the trunk's, since it last carried a call. */
            failures_in_row: number;
            last_5_minutes: components["schemas"]["WindowFigures"];
            last_failure?: components["schemas"]["Disposition"] | null;
            /**
             * Format: date-time
             * @example 2026-11-20T02:00:00.000000Z
             */
            last_failure_at?: string | null;
            last_hour: components["schemas"]["WindowFigures"];
            trunk: string;
        };
        /**
         * @description Which input a decision answers.
         * @enum {string}
         */
        TurnInput: "keypress" | "spoken" | "silence" | "sensitive_word" | "played" | "unheard" | "deaf";
        /** @description What was made of it. */
        UnderstoodShown: {
            accept_permille: number | null;
            /** @description Best first. */
            candidates: components["schemas"]["CandidateShown"][];
            certainty: components["schemas"]["Certainty"];
            confirm_permille: number | null;
            /** @example ask_term */
            intent: string | null;
            /** @example high */
            interest: string | null;
            /** @description What the campaign's knowledge has to it, where it was asked. */
            knowledge: components["schemas"]["KnowledgeReading"] | null;
            /**
             * @description Digest of the model that was asked.
             * @example 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
             */
            model: string | null;
            opt_out: boolean;
            /** @description What an assistant picked of what it was offered. */
            picked: components["schemas"]["Picked"] | null;
            read_by: components["schemas"]["ReadBy"];
            /**
             * @description By name; null where it cannot be read.
             * @example {
             *       "terms": "3"
             *     }
             */
            slots: {
                [key: string]: string | null;
            };
        };
        /**
         * @description What a figure is measured in.
         * @enum {string}
         */
        Unit: "ms" | "count" | "ratio";
        ValueAxis: {
            /** @example value */
            type: string;
        };
        /** @description The metric, version and label of each figure of a reply, by the member that holds it. */
        Versions: {
            answer_ratio?: components["schemas"]["Named"] | null;
            answer_ratio_people?: components["schemas"]["Named"] | null;
            answer_ratio_per_call?: components["schemas"]["Named"] | null;
            answer_ratio_per_call_people?: components["schemas"]["Named"] | null;
            answer_ratio_per_leg?: components["schemas"]["Named"] | null;
            answer_ratio_per_leg_people?: components["schemas"]["Named"] | null;
            conversion_ratio?: components["schemas"]["Named"] | null;
            conversion_ratio_people?: components["schemas"]["Named"] | null;
            failure_ratio_per_leg?: components["schemas"]["Named"] | null;
            settled_answer_ratio?: components["schemas"]["Named"] | null;
            talk_ms_mean?: components["schemas"]["Named"] | null;
        };
        /** @description Why a stage lets nobody further be dialed. */
        WaitingShown: {
            /** @example under test the campaign calls its first 200 people */
            en: string;
            /**
             * Format: date-time
             * @description When it goes on by itself; a test does not.
             * @example 2026-11-20T02:00:00.000000Z
             */
            until?: string | null;
            /** @example 测试阶段的 200 条名单已用完,其余等待任务进入试点 */
            zh: string;
        };
        /** @description How one signs in here. */
        Ways: {
            /**
             * @description The identity provider behind `GET oidc/begin`; null where there is none.
             * @example https://login.example.com
             */
            issuer: string | null;
            /** @description Roles that sign in with a second factor alone. */
            second_factor_for: ("admin" | "operator" | "viewer" | "agent" | "supervisor" | "compliance" | "auditor" | "analyst" | "integrator")[];
        };
        /** @description Who asks. */
        WhoAmI: {
            /** @description Only these campaigns; null for all. */
            campaigns: string[] | null;
            /** @description Of a session. */
            csrf_token?: string | null;
            /** @description `session`, `key`, `token` of DIR/token, or `directory`. */
            door: string;
            /** @description What the caller may, of somebody. */
            permissions: ("campaigns:read" | "campaigns:write" | "campaigns:start" | "campaigns:pause" | "calls:read" | "calls:write" | "calls:correct" | "recordings:read" | "customers:read" | "customers:reveal" | "customers:assign" | "customers:erase" | "customers:hold" | "consents:write" | "consents:withdraw" | "numbers:read" | "numbers:opt-out" | "numbers:suppress" | "events:read" | "events:append" | "audit:read" | "figures:read" | "metrics:read" | "query:run" | "exports:read" | "alerts:read" | "alerts:write" | "webhooks:read" | "webhooks:write" | "samples:read" | "samples:write" | "reports:read" | "reports:sign" | "rules:read" | "installation:read" | "installation:write" | "stop:engage" | "stop:lift" | "projections:read" | "projections:write" | "retention:read" | "retention:write" | "users:read" | "users:write" | "inspections:make" | "cases:read" | "cases:open" | "cases:write" | "alerts:channels" | "webhooks:private" | "engines:use" | "labels:write" | "directory:write")[];
            roles: ("admin" | "operator" | "viewer" | "agent" | "supervisor" | "compliance" | "auditor" | "analyst" | "integrator")[];
            /** @example north */
            team: string | null;
            /**
             * @description Null for whoever owns the data directory.
             * @example wang
             */
            user: string | null;
        };
        /** @description Why somebody would be dialed at a time, or not. */
        WhyNotShown: {
            /**
             * @description What was taken to be over by then, though nobody can tell.
             * @example [
             *       "campaign_running"
             *     ]
             */
            assumed: string[];
            /**
             * Format: date-time
             * @description The time asked about.
             * @example 2026-11-20T02:00:00.000000Z
             */
            at: string;
            /** @example TASK20261120 */
            campaign: string;
            /** @description The campaigns that were asked about. */
            campaigns: components["schemas"]["CampaignSaid"][];
            /** @description Grants, refusals and releases within a day of that time, as they stand in the log. */
            dials: components["schemas"]["DialNear"][];
            en: string;
            /**
             * @description What that rule went by, in its own words.
             * @example {
             *       "hours": "09:00-20:00"
             *     }
             */
            facts: {
                [key: string]: string;
            };
            /** @example 0a1b2c3d4e5f60718293a4b5c6d7e8f9 */
            id: string;
            /** @description Of the past: up to where the log was read. */
            known?: components["schemas"]["Known"] | null;
            /**
             * Format: date-time
             * @description When all rules permit it: the time asked about, or the first later one; null where that is never.
             * @example 2026-11-20T02:00:00.000000Z
             */
            not_before: string | null;
            permitted: boolean;
            /**
             * @description The rule that binds; null where all permit.
             * @example calling_window
             */
            rule: string | null;
            /** @description What every rule says. */
            verdicts: components["schemas"]["RuleSaid"][];
            version: number | null;
            zh: string;
        };
        /** @description Calls whose first leg was dialed in a window. Ratios are per call, `null` over nothing. */
        WindowFigures: {
            /** @description Calls in which the callee sounded angry, of campaigns that measure it. */
            angry_calls: number;
            /** @description 接通率（按呼叫，含应答机）: answered ÷ dialed, the formula of `answer_ratio_per_call` v1. */
            answer_ratio: number | null;
            /** @description 接通率（按呼叫，仅真人）: that of v2, by how calls ended; a later correction does not move it here. */
            answer_ratio_people: number | null;
            answered: number;
            /** @description 转化率: conversions ÷ answered calls that ended. */
            conversion_ratio: number | null;
            conversions: number;
            dialed: number;
            ended: number;
            /** @description Ended by the watchdog, because the process that held them did not. */
            left_over: number;
            /** @description Ended, and answered by a person: neither a machine nor a screening assistant, nor gone at once. */
            person_answered: number;
            /** @description Calls in which a word of a campaign's lists was said. */
            sensitive_words: number;
            /** @description Answered, or ended without an answer: what a ratio may be taken over. */
            settled: number;
            /**
             * @description 接通率（按呼叫，仅计已有结果者）: answered ÷ settled. Not the metric `answer_ratio_per_call`, whose calls
             *     may still ring: over five minutes those would pull it down.
             */
            settled_answer_ratio: number | null;
            /** @description 平均通话时长: over ended calls that were answered. */
            talk_ms_mean: number | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    get_alerts: {
        parameters: {
            query?: {
                /**
                 * @description true or false: only those that stand, or that do not
                 * @example true
                 */
                standing?: boolean;
                /**
                 * @description Only of this rule, such as answer_ratio_low
                 * @example answer_ratio_low
                 */
                rule?: string;
                /**
                 * @description Only of this campaign
                 * @example TASK20261120
                 */
                campaign?: string;
                /**
                 * @description As known then: only events up to this position, or recorded up to this RFC 3339 instant
                 * @example 42
                 */
                as_of?: string;
                /**
                 * @description As true then: of what is known, what had happened by this RFC 3339 instant, corrections read back
                 * @example 2026-11-20T10:00:00+08:00
                 */
                valid_at?: string;
                /**
                 * @description Go on: the `next_cursor` of the page before, with the same other parameters
                 * @example AeF2qb5i1rAjTq0mYyR9wYc0Mg
                 */
                cursor?: string;
                /**
                 * @description At most so many; default and most 1000
                 * @example 100
                 */
                limit?: number;
                /**
                 * @description Wait until the views have this position
                 * @example 42
                 */
                after_position?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "complete_up_to": {
                     *         "behind_events": 1,
                     *         "position": "42",
                     *         "recorded_at": "2026-11-20T02:00:00.000000Z"
                     *       },
                     *       "items": [
                     *         {
                     *           "acknowledged_at": "2026-11-20T02:00:00.000000Z",
                     *           "acknowledged_by": "wang",
                     *           "alert": "d87e66ea-eb38-51c5-9a55-30d3938573b9",
                     *           "campaign": "TASK20261120",
                     *           "cleared_at": "2026-11-20T02:00:00.000000Z",
                     *           "detail": "in words",
                     *           "escalated_at": "2026-11-20T02:00:00.000000Z",
                     *           "figure": {
                     *             "limit": 1,
                     *             "unit": "per_mille",
                     *             "value": 1,
                     *             "window_ms": 1
                     *           },
                     *           "label_en": "in English",
                     *           "label_zh": "中文",
                     *           "muted_until": "2026-11-20T02:00:00.000000Z",
                     *           "note": "seen to",
                     *           "raised_at": "2026-11-20T02:00:00.000000Z",
                     *           "raised_count": 1,
                     *           "rule": "angry_callers",
                     *           "severity": "warning",
                     *           "standing": true,
                     *           "subject": "TASK20261120"
                     *         }
                     *       ],
                     *       "known": {
                     *         "as_of": "42",
                     *         "copied_position": "42",
                     *         "events": 1,
                     *         "kept": true,
                     *         "label_en": "in English",
                     *         "label_zh": "中文",
                     *         "last_position": "42",
                     *         "last_recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "ms": 1,
                     *         "position": "42",
                     *         "recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "valid_at": "2026-11-20T02:00:00.000000Z"
                     *       },
                     *       "next_cursor": "AeF2qb5i1rAjTq0mYyR9wYc0Mg"
                     *     }
                     */
                    "application/json": components["schemas"]["AlertsStandingPage"];
                };
            };
        };
    };
    get_approvals: {
        parameters: {
            query?: {
                /**
                 * @description Only those that wait to be decided or used
                 * @example true
                 */
                open?: boolean;
                /**
                 * @description Go on: the `next_cursor` of the page before, with the same other parameters
                 * @example AeF2qb5i1rAjTq0mYyR9wYc0Mg
                 */
                cursor?: string;
                /**
                 * @description At most so many; default and most 1000
                 * @example 100
                 */
                limit?: number;
                /**
                 * @description Wait until the views have this position
                 * @example 42
                 */
                after_position?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "act": "erase_person",
                     *           "act_zh": "删除个人信息",
                     *           "campaign": "TASK20261120",
                     *           "customer": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
                     *           "decision": {
                     *             "approved": true,
                     *             "at": "2026-11-20T02:00:00.000000Z",
                     *             "by": "wang",
                     *             "reason": "asked for by telephone"
                     *           },
                     *           "details": {
                     *             "request": "00000000-0000-5000-8000-000000000001"
                     *           },
                     *           "expires_at": "2026-11-20T02:00:00.000000Z",
                     *           "id": "f8bd0ffd-b759-5cf0-b55a-aefc7ea51547",
                     *           "reason": "asked for by telephone",
                     *           "requested_at": "2026-11-20T02:00:00.000000Z",
                     *           "requested_by": "wang",
                     *           "standing": "waiting",
                     *           "used_at": "2026-11-20T02:00:00.000000Z"
                     *         }
                     *       ],
                     *       "next_cursor": "AeF2qb5i1rAjTq0mYyR9wYc0Mg"
                     *     }
                     */
                    "application/json": components["schemas"]["ApprovalListPage"];
                };
            };
        };
    };
    get_calls: {
        parameters: {
            query?: {
                /**
                 * @description Only calls of this campaign
                 * @example TASK20261120
                 */
                campaign?: string;
                /**
                 * @description Only calls of this customer (internal id)
                 * @example 0a1b2c3d4e5f60718293a4b5c6d7e8f9
                 */
                customer?: string;
                /**
                 * @description Only calls that ended so
                 * @example answered
                 */
                disposition?: string;
                /**
                 * @description As known then: only events up to this position, or recorded up to this RFC 3339 instant
                 * @example 42
                 */
                as_of?: string;
                /**
                 * @description As true then: of what is known, what had happened by this RFC 3339 instant, corrections read back
                 * @example 2026-11-20T10:00:00+08:00
                 */
                valid_at?: string;
                /**
                 * @description Go on: the `next_cursor` of the page before, with the same other parameters
                 * @example AeF2qb5i1rAjTq0mYyR9wYc0Mg
                 */
                cursor?: string;
                /**
                 * @description At most so many; default 100, at most 500
                 * @example 100
                 */
                limit?: number;
                /**
                 * @description Who reads, for the record
                 * @example wang
                 */
                by?: string;
                /**
                 * @description Why, for the record; nothing personal
                 * @example a complaint
                 */
                reason?: string;
                /**
                 * @description Wait until the views have this position
                 * @example 42
                 */
                after_position?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "complete_up_to": {
                     *         "behind_events": 1,
                     *         "position": "42",
                     *         "recorded_at": "2026-11-20T02:00:00.000000Z"
                     *       },
                     *       "items": [
                     *         {
                     *           "answered_at": "2026-11-20T02:00:00.000000Z",
                     *           "attempt": 1,
                     *           "callee": "138****8000",
                     *           "campaign": "TASK20261120",
                     *           "corrected_at": "2026-11-20T02:00:00.000000Z",
                     *           "customer": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
                     *           "dialing_at": "2026-11-20T02:00:00.000000Z",
                     *           "disposition": "answered",
                     *           "disposition_zh": "中文",
                     *           "ended_at": "2026-11-20T02:00:00.000000Z",
                     *           "id": "bfe2ae75-58ca-5f5a-9c04-eb33cdd94f14",
                     *           "late_answer": true,
                     *           "outcome": "success",
                     *           "recorded_disposition": "answered",
                     *           "recorded_outcome": "success",
                     *           "recording_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *           "state": "INIT",
                     *           "talk_ms": 1,
                     *           "trunks": [
                     *             "trunk-1"
                     *           ]
                     *         }
                     *       ],
                     *       "known": {
                     *         "as_of": "42",
                     *         "copied_position": "42",
                     *         "events": 1,
                     *         "kept": true,
                     *         "label_en": "in English",
                     *         "label_zh": "中文",
                     *         "last_position": "42",
                     *         "last_recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "ms": 1,
                     *         "position": "42",
                     *         "recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "valid_at": "2026-11-20T02:00:00.000000Z"
                     *       },
                     *       "next_cursor": "AeF2qb5i1rAjTq0mYyR9wYc0Mg"
                     *     }
                     */
                    "application/json": components["schemas"]["CallsListedStandingPage"];
                };
            };
        };
    };
    get_calls_id: {
        parameters: {
            query?: {
                /**
                 * @description As known then: only events up to this position, or recorded up to this RFC 3339 instant
                 * @example 42
                 */
                as_of?: string;
                /**
                 * @description As true then: of what is known, what had happened by this RFC 3339 instant, corrections read back
                 * @example 2026-11-20T10:00:00+08:00
                 */
                valid_at?: string;
                /**
                 * @description Who reads, for the record
                 * @example wang
                 */
                by?: string;
                /**
                 * @description Why, for the record; nothing personal
                 * @example a complaint
                 */
                reason?: string;
                /**
                 * @description Wait until the views have this position
                 * @example 42
                 */
                after_position?: number;
            };
            header?: never;
            path: {
                /**
                 * @description A call
                 * @example 6b2f1f0e-6f0b-5f4e-9d8a-0c1d2e3f4a5b
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "answered_at": "2026-11-20T02:00:00.000000Z",
                     *       "attempt": 1,
                     *       "callee": "138****8000",
                     *       "campaign": "TASK20261120",
                     *       "corrections": [
                     *         {
                     *           "after": {
                     *             "disposition": "answered",
                     *             "disposition_en": "in English",
                     *             "disposition_zh": "中文",
                     *             "outcome": "success",
                     *             "outcome_en": "in English",
                     *             "outcome_zh": "中文"
                     *           },
                     *           "at": "2026-11-20T02:00:00.000000Z",
                     *           "before": {
                     *             "disposition": "answered",
                     *             "disposition_en": "in English",
                     *             "disposition_zh": "中文",
                     *             "outcome": "success",
                     *             "outcome_en": "in English",
                     *             "outcome_zh": "中文"
                     *           },
                     *           "by": "wang",
                     *           "corrects": "1b1da118-8e8b-5fa5-a790-a286a71e79b0",
                     *           "id": "1b1da118-8e8b-5fa5-a790-a286a71e79b0",
                     *           "position": "42",
                     *           "reason": "asked for by telephone",
                     *           "recorded_at": "2026-11-20T02:00:00.000000Z"
                     *         }
                     *       ],
                     *       "customer": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
                     *       "ended": {
                     *         "at": "2026-11-20T02:00:00.000000Z",
                     *         "disposition": "answered",
                     *         "disposition_en": "in English",
                     *         "disposition_zh": "中文",
                     *         "outcome": "success",
                     *         "outcome_en": "in English",
                     *         "outcome_zh": "中文",
                     *         "reason": "ring_timeout",
                     *         "recorded": {
                     *           "disposition": "answered",
                     *           "disposition_en": "in English",
                     *           "disposition_zh": "中文",
                     *           "outcome": "success",
                     *           "outcome_en": "in English",
                     *           "outcome_zh": "中文"
                     *         },
                     *         "talk_ms": 1
                     *       },
                     *       "flow": {
                     *         "content_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *         "flow": "TASK20261120",
                     *         "version": 1
                     *       },
                     *       "id": "bfe2ae75-58ca-5f5a-9c04-eb33cdd94f14",
                     *       "known": {
                     *         "as_of": "42",
                     *         "copied_position": "42",
                     *         "events": 1,
                     *         "kept": true,
                     *         "label_en": "in English",
                     *         "label_zh": "中文",
                     *         "last_position": "42",
                     *         "last_recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "ms": 1,
                     *         "position": "42",
                     *         "recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "valid_at": "2026-11-20T02:00:00.000000Z"
                     *       },
                     *       "legs": [
                     *         {
                     *           "answered": true,
                     *           "caller": "+861055550100",
                     *           "dialing_at": "2026-11-20T02:00:00.000000Z",
                     *           "late_answered": true,
                     *           "leg": 1,
                     *           "q850": 1,
                     *           "rang": true,
                     *           "sip_call_id": "6b2f1f0e-1@ledgerline",
                     *           "sip_code": 1,
                     *           "trunk": "trunk-1"
                     *         }
                     *       ],
                     *       "node": "greeting",
                     *       "recording": {
                     *         "disposed": {
                     *           "at": "2026-11-20T02:00:00.000000Z",
                     *           "days": 365,
                     *           "disposal": 17
                     *         },
                     *         "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
                     *       },
                     *       "state": "INIT",
                     *       "transfer_requested": true,
                     *       "true_then": {
                     *         "answered": true,
                     *         "ended_at": "2026-11-20T02:00:00.000000Z",
                     *         "existed": true,
                     *         "finding": {
                     *           "disposition": "answered",
                     *           "disposition_en": "in English",
                     *           "disposition_zh": "中文",
                     *           "outcome": "success",
                     *           "outcome_en": "in English",
                     *           "outcome_zh": "中文"
                     *         },
                     *         "label_en": "in English",
                     *         "label_zh": "中文",
                     *         "node": "greeting",
                     *         "state": "INIT",
                     *         "valid_at": "2026-11-20T02:00:00.000000Z"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["CallShown"];
                };
            };
        };
    };
    get_calls_id_events: {
        parameters: {
            query?: {
                /**
                 * @description Wait until the views have this position
                 * @example 42
                 */
                after_position?: number;
            };
            header?: never;
            path: {
                /**
                 * @description A call
                 * @example 6b2f1f0e-6f0b-5f4e-9d8a-0c1d2e3f4a5b
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "campaign": "TASK20261120",
                     *           "causationid": "1b1da118-8e8b-5fa5-a790-a286a71e79b0",
                     *           "correlationid": "1b1da118-8e8b-5fa5-a790-a286a71e79b0",
                     *           "customer": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
                     *           "data": {
                     *             "reason": "requested"
                     *           },
                     *           "datacontenttype": "application/json",
                     *           "id": "1b1da118-8e8b-5fa5-a790-a286a71e79b0",
                     *           "kindversion": 1,
                     *           "position": "42",
                     *           "rehearsal": true,
                     *           "source": "/ledgerline",
                     *           "specversion": "1.0",
                     *           "streamversion": 1,
                     *           "subject": "campaign-TASK20261120",
                     *           "time": "2026-11-20T02:00:00.000000Z",
                     *           "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                     *           "type": "campaign.paused"
                     *         }
                     *       ],
                     *       "next": "42"
                     *     }
                     */
                    "application/json": components["schemas"]["EventPage"];
                };
            };
        };
    };
    get_calls_id_replay: {
        parameters: {
            query?: {
                /**
                 * @description Another published version, NAME@V: where the call would have gone another way
                 * @example card_instalment_spoken@2
                 */
                against?: string;
                /**
                 * @description What was heard as it was said, for whoever may see persons in clear, with a reason
                 * @example true
                 */
                clear?: boolean;
                /**
                 * @description Who reads, for the record
                 * @example wang
                 */
                by?: string;
                /**
                 * @description Why, for the record; nothing personal
                 * @example a complaint
                 */
                reason?: string;
                /**
                 * @description Wait until the views have this position
                 * @example 42
                 */
                after_position?: number;
            };
            header?: never;
            path: {
                /**
                 * @description A call
                 * @example 6b2f1f0e-6f0b-5f4e-9d8a-0c1d2e3f4a5b
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "against": "card_instalment_spoken@2",
                     *       "agrees": true,
                     *       "call": "bfe2ae75-58ca-5f5a-9c04-eb33cdd94f14",
                     *       "clear": true,
                     *       "differences": [
                     *         {
                     *           "flow": "card_instalment_spoken@2",
                     *           "node": "确认分期期数",
                     *           "other": {
                     *             "decided": [
                     *               {
                     *                 "explanation": {
                     *                   "corrected": [
                     *                     "terms"
                     *                   ],
                     *                   "input": "keypress",
                     *                   "reading": {
                     *                     "accept_permille": 1,
                     *                     "candidates": [
                     *                       {
                     *                         "intent": "ask_term",
                     *                         "score_permille": 1
                     *                       }
                     *                     ],
                     *                     "certainty": "accepted",
                     *                     "confirm_permille": 1,
                     *                     "knowledge": {
                     *                       "accept_permille": 1,
                     *                       "candidates": [
                     *                         {
                     *                           "answer": "提前还款",
                     *                           "score_permille": 1
                     *                         }
                     *                       ],
                     *                       "certainty": "accepted",
                     *                       "confirm_permille": 1,
                     *                       "knowledge": "card_instalment",
                     *                       "knowledge_version": 1
                     *                     },
                     *                     "picked": {
                     *                       "choice": "提前还款",
                     *                       "pick_of": "intent"
                     *                     },
                     *                     "read_by": "exact"
                     *                   },
                     *                   "rung": 1,
                     *                   "slots": [
                     *                     "terms"
                     *                   ]
                     *                 },
                     *                 "node": "确认分期期数",
                     *                 "rule": "nodes.确认分期期数.on_filled"
                     *               }
                     *             ],
                     *             "entered": [
                     *               "签约"
                     *             ],
                     *             "outcome": "success",
                     *             "said": [
                     *               {
                     *                 "prompt": "nodes.签约.text",
                     *                 "prompt_chars": 1,
                     *                 "spoken_chars": 1,
                     *                 "text": "您选择{{terms}}期，确认请按1。",
                     *                 "variant": "warm"
                     *               }
                     *             ]
                     *           },
                     *           "recorded": {
                     *             "decided": [
                     *               {
                     *                 "explanation": {
                     *                   "corrected": [
                     *                     "terms"
                     *                   ],
                     *                   "input": "keypress",
                     *                   "reading": {
                     *                     "accept_permille": 1,
                     *                     "candidates": [
                     *                       {
                     *                         "intent": "ask_term",
                     *                         "score_permille": 1
                     *                       }
                     *                     ],
                     *                     "certainty": "accepted",
                     *                     "confirm_permille": 1,
                     *                     "knowledge": {
                     *                       "accept_permille": 1,
                     *                       "candidates": [
                     *                         {
                     *                           "answer": "提前还款",
                     *                           "score_permille": 1
                     *                         }
                     *                       ],
                     *                       "certainty": "accepted",
                     *                       "confirm_permille": 1,
                     *                       "knowledge": "card_instalment",
                     *                       "knowledge_version": 1
                     *                     },
                     *                     "picked": {
                     *                       "choice": "提前还款",
                     *                       "pick_of": "intent"
                     *                     },
                     *                     "read_by": "exact"
                     *                   },
                     *                   "rung": 1,
                     *                   "slots": [
                     *                     "terms"
                     *                   ]
                     *                 },
                     *                 "node": "确认分期期数",
                     *                 "rule": "nodes.确认分期期数.on_filled"
                     *               }
                     *             ],
                     *             "entered": [
                     *               "签约"
                     *             ],
                     *             "outcome": "success",
                     *             "said": [
                     *               {
                     *                 "prompt": "nodes.签约.text",
                     *                 "prompt_chars": 1,
                     *                 "spoken_chars": 1,
                     *                 "text": "您选择{{terms}}期，确认请按1。",
                     *                 "variant": "warm"
                     *               }
                     *             ]
                     *           },
                     *           "step": 1,
                     *           "what": "outcome"
                     *         }
                     *       ],
                     *       "flow": "card_instalment_spoken@1",
                     *       "outcome": "success",
                     *       "steps": [
                     *         {
                     *           "after_ms": 1,
                     *           "decided": [
                     *             {
                     *               "explanation": {
                     *                 "corrected": [
                     *                   "terms"
                     *                 ],
                     *                 "input": "keypress",
                     *                 "reading": {
                     *                   "accept_permille": 1,
                     *                   "candidates": [
                     *                     {
                     *                       "intent": "ask_term",
                     *                       "score_permille": 1
                     *                     }
                     *                   ],
                     *                   "certainty": "accepted",
                     *                   "confirm_permille": 1,
                     *                   "knowledge": {
                     *                     "accept_permille": 1,
                     *                     "candidates": [
                     *                       {
                     *                         "answer": "提前还款",
                     *                         "score_permille": 1
                     *                       }
                     *                     ],
                     *                     "certainty": "accepted",
                     *                     "confirm_permille": 1,
                     *                     "knowledge": "card_instalment",
                     *                     "knowledge_version": 1
                     *                   },
                     *                   "picked": {
                     *                     "choice": "提前还款",
                     *                     "pick_of": "intent"
                     *                   },
                     *                   "read_by": "exact"
                     *                 },
                     *                 "rung": 1,
                     *                 "slots": [
                     *                   "terms"
                     *                 ]
                     *               },
                     *               "node": "确认分期期数",
                     *               "rule": "nodes.确认分期期数.on_filled"
                     *             }
                     *           ],
                     *           "entered": [
                     *             "签约"
                     *           ],
                     *           "heard": {
                     *             "begins_ms": 1,
                     *             "confidence_permille": 1,
                     *             "ends_ms": 1,
                     *             "engine": "vosk",
                     *             "text": "那就分三期吧"
                     *           },
                     *           "input": "spoken",
                     *           "key": "1",
                     *           "n": 1,
                     *           "node": "确认分期期数",
                     *           "said": [
                     *             {
                     *               "prompt": "nodes.签约.text",
                     *               "prompt_chars": 1,
                     *               "spoken_chars": 1,
                     *               "text": "您选择{{terms}}期，确认请按1。",
                     *               "variant": "warm"
                     *             }
                     *           ],
                     *           "understood": {
                     *             "accept_permille": 1,
                     *             "candidates": [
                     *               {
                     *                 "intent": "ask_term",
                     *                 "score_permille": 1
                     *               }
                     *             ],
                     *             "certainty": "accepted",
                     *             "confirm_permille": 1,
                     *             "intent": "ask_term",
                     *             "interest": "high",
                     *             "knowledge": {
                     *               "accept_permille": 1,
                     *               "candidates": [
                     *                 {
                     *                   "answer": "提前还款",
                     *                   "score_permille": 1
                     *                 }
                     *               ],
                     *               "certainty": "accepted",
                     *               "confirm_permille": 1,
                     *               "knowledge": "card_instalment",
                     *               "knowledge_version": 1
                     *             },
                     *             "model": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *             "opt_out": true,
                     *             "picked": {
                     *               "choice": "提前还款",
                     *               "pick_of": "intent"
                     *             },
                     *             "read_by": "exact",
                     *             "slots": {
                     *               "terms": "3"
                     *             }
                     *           }
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["ReplayShown"];
                };
            };
        };
    };
    get_campaigns: {
        parameters: {
            query?: {
                /**
                 * @description As known then: only events up to this position, or recorded up to this RFC 3339 instant
                 * @example 42
                 */
                as_of?: string;
                /**
                 * @description As true then: of what is known, what had happened by this RFC 3339 instant, corrections read back
                 * @example 2026-11-20T10:00:00+08:00
                 */
                valid_at?: string;
                /**
                 * @description Go on: the `next_cursor` of the page before, with the same other parameters
                 * @example AeF2qb5i1rAjTq0mYyR9wYc0Mg
                 */
                cursor?: string;
                /**
                 * @description At most so many; default and most 1000
                 * @example 100
                 */
                limit?: number;
                /**
                 * @description Wait until the views have this position
                 * @example 42
                 */
                after_position?: number;
            };
            header?: {
                /**
                 * @description Only if the reply is another than the one with this `etag`; otherwise 304, without a body
                 * @example "0f3a"
                 */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    /** @description The same as long as the reply is */
                    etag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "complete_up_to": {
                     *         "behind_events": 1,
                     *         "position": "42",
                     *         "recorded_at": "2026-11-20T02:00:00.000000Z"
                     *       },
                     *       "items": [
                     *         {
                     *           "alerts": 1,
                     *           "answer_ratio": 0.5,
                     *           "answer_ratio_people": 0.5,
                     *           "answered": 1,
                     *           "calls_ended": 1,
                     *           "conversion_ratio": 0.5,
                     *           "conversion_ratio_people": 0.5,
                     *           "dialed": 1,
                     *           "enrolled": 1,
                     *           "id": "TASK20261120",
                     *           "last_alert": "trunk_unreachable",
                     *           "last_alert_detail": "trunk-1 answers nothing",
                     *           "open": 1,
                     *           "preset": "cn-service",
                     *           "settled": 1,
                     *           "status": "running",
                     *           "talk_ms_mean": 0.5,
                     *           "task_id": "TASK20261120",
                     *           "waiting": 1
                     *         }
                     *       ],
                     *       "known": {
                     *         "as_of": "42",
                     *         "copied_position": "42",
                     *         "events": 1,
                     *         "kept": true,
                     *         "label_en": "in English",
                     *         "label_zh": "中文",
                     *         "last_position": "42",
                     *         "last_recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "ms": 1,
                     *         "position": "42",
                     *         "recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "valid_at": "2026-11-20T02:00:00.000000Z"
                     *       },
                     *       "next_cursor": "AeF2qb5i1rAjTq0mYyR9wYc0Mg",
                     *       "versions": {
                     *         "answer_ratio": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_call": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_call_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_leg": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_leg_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "conversion_ratio": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "conversion_ratio_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "failure_ratio_per_leg": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "settled_answer_ratio": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "talk_ms_mean": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         }
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["CampaignsPage"];
                };
            };
        };
    };
    get_campaigns_id: {
        parameters: {
            query?: {
                /**
                 * @description As known then: only events up to this position, or recorded up to this RFC 3339 instant
                 * @example 42
                 */
                as_of?: string;
                /**
                 * @description As true then: of what is known, what had happened by this RFC 3339 instant, corrections read back
                 * @example 2026-11-20T10:00:00+08:00
                 */
                valid_at?: string;
                /**
                 * @description Wait until the views have this position
                 * @example 42
                 */
                after_position?: number;
            };
            header?: {
                /**
                 * @description Only if the reply is another than the one with this `etag`; otherwise 304, without a body
                 * @example "0f3a"
                 */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description A campaign: its task_id
                 * @example TASK20261120
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    /** @description The same as long as the reply is */
                    etag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "alerts": 1,
                     *       "answer_ratio": 0.5,
                     *       "answer_ratio_people": 0.5,
                     *       "answered": 1,
                     *       "basis": "contract",
                     *       "calls_ended": 1,
                     *       "conversion_ratio": 0.5,
                     *       "conversion_ratio_people": 0.5,
                     *       "customer_segment": "due-in-3-days",
                     *       "dialed": 1,
                     *       "duplicates": "by_number",
                     *       "ends_at": "2026-11-20T02:00:00.000000Z",
                     *       "enrolled": 1,
                     *       "flow": {
                     *         "content_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *         "flow": "TASK20261120",
                     *         "version": 1
                     *       },
                     *       "id": "TASK20261120",
                     *       "known": {
                     *         "as_of": "42",
                     *         "copied_position": "42",
                     *         "events": 1,
                     *         "kept": true,
                     *         "label_en": "in English",
                     *         "label_zh": "中文",
                     *         "last_position": "42",
                     *         "last_recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "ms": 1,
                     *         "position": "42",
                     *         "recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "valid_at": "2026-11-20T02:00:00.000000Z"
                     *       },
                     *       "last_alert": "trunk_unreachable",
                     *       "last_alert_detail": "trunk-1 answers nothing",
                     *       "open": 1,
                     *       "open_lists": 1,
                     *       "pause_reason": "requested",
                     *       "preset": "cn-service",
                     *       "purpose": "service",
                     *       "running": {
                     *         "after": {
                     *           "campaign": "TASK20261120",
                     *           "reached": "completed"
                     *         },
                     *         "recycle": {
                     *           "after_days": 1,
                     *           "dispositions": [
                     *             "answered"
                     *           ],
                     *           "rounds_max": 1
                     *         },
                     *         "share": 1,
                     *         "starts_at": "2026-11-20T02:00:00.000000Z"
                     *       },
                     *       "schedule": {
                     *         "end_time": "09:00",
                     *         "max_concurrent": 1,
                     *         "rests": [
                     *           [
                     *             "09:00",
                     *             "09:00"
                     *           ]
                     *         ],
                     *         "start_time": "09:00"
                     *       },
                     *       "settled": 1,
                     *       "stage": {
                     *         "calls_per_day_max": 1,
                     *         "calls_today": 1,
                     *         "people_admitted": 1,
                     *         "people_max": 1,
                     *         "stage": "full",
                     *         "stage_zh": "测试",
                     *         "waiting": {
                     *           "en": "under test the campaign calls its first 200 people",
                     *           "until": "2026-11-20T02:00:00.000000Z",
                     *           "zh": "测试阶段的 200 条名单已用完,其余等待任务进入试点"
                     *         }
                     *       },
                     *       "start_scheduled": true,
                     *       "status": "running",
                     *       "talk_ms_mean": 0.5,
                     *       "task_id": "TASK20261120",
                     *       "time_zone": "Asia/Shanghai",
                     *       "versions": {
                     *         "answer_ratio": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_call": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_call_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_leg": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_leg_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "conversion_ratio": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "conversion_ratio_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "failure_ratio_per_leg": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "settled_answer_ratio": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "talk_ms_mean": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         }
                     *       },
                     *       "waiting": 1
                     *     }
                     */
                    "application/json": components["schemas"]["CampaignShown"];
                };
            };
        };
    };
    get_campaigns_id_abandonment: {
        parameters: {
            query?: {
                /**
                 * @description As known then: only events up to this position, or recorded up to this RFC 3339 instant
                 * @example 42
                 */
                as_of?: string;
                /**
                 * @description As true then: of what is known, what had happened by this RFC 3339 instant, corrections read back
                 * @example 2026-11-20T10:00:00+08:00
                 */
                valid_at?: string;
                /**
                 * @description Wait until the views have this position
                 * @example 42
                 */
                after_position?: number;
            };
            header?: never;
            path: {
                /**
                 * @description A campaign: its task_id
                 * @example TASK20261120
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "budget": {
                     *         "abandoned": 1,
                     *         "answered": 1,
                     *         "limit_per_mille": 1,
                     *         "metric": "abandon_ratio_house",
                     *         "used_per_mille": 1,
                     *         "window_days": 1
                     *       },
                     *       "campaign": "TASK20261120",
                     *       "complete_up_to": {
                     *         "behind_events": 1,
                     *         "position": "42",
                     *         "recorded_at": "2026-11-20T02:00:00.000000Z"
                     *       },
                     *       "definitions": [
                     *         {
                     *           "awaits": "call.transferred",
                     *           "by": "hour",
                     *           "definition": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "denominator": {
                     *             "en": "in English",
                     *             "term": "answered_calls",
                     *             "zh": "中文"
                     *           },
                     *           "denominator_count": 1,
                     *           "denominator_events": "/api/v1/metrics/abandon_ratio_house/events?version=1&which=denominator",
                     *           "effective_from": "2026-01-01",
                     *           "headline": true,
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "name": "answer_ratio_per_call",
                     *           "numerator": {
                     *             "en": "in English",
                     *             "term": "answered_calls",
                     *             "zh": "中文"
                     *           },
                     *           "numerator_count": 1,
                     *           "numerator_events": "/api/v1/metrics/abandon_ratio_house/events?version=1&which=numerator",
                     *           "source": "16 CFR 310.4(b)(4)(i)",
                     *           "unit": "ms",
                     *           "value": 0.5,
                     *           "version": 1
                     *         }
                     *       ],
                     *       "from": "2026-11-20T02:00:00.000000Z",
                     *       "known": {
                     *         "as_of": "42",
                     *         "copied_position": "42",
                     *         "events": 1,
                     *         "kept": true,
                     *         "label_en": "in English",
                     *         "label_zh": "中文",
                     *         "last_position": "42",
                     *         "last_recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "ms": 1,
                     *         "position": "42",
                     *         "recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "valid_at": "2026-11-20T02:00:00.000000Z"
                     *       },
                     *       "position": "42",
                     *       "recorded_at": "2026-11-20T02:00:00.000000Z",
                     *       "to": "2026-11-20T02:00:00.000000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["AbandonmentStanding"];
                };
            };
        };
    };
    get_campaigns_id_events: {
        parameters: {
            query?: {
                /**
                 * @description Position after which to begin; default 0
                 * @example 0
                 */
                after?: number;
                /**
                 * @description At most so many events; default 100, at most 1000
                 * @example 100
                 */
                limit?: number;
                /**
                 * @description Only events of this kind (call.ended); `call.` takes all of calls; may be given several times
                 * @example [
                 *       "call.ended"
                 *     ]
                 */
                kind?: string[];
                /**
                 * @description Wait until the views have this position
                 * @example 42
                 */
                after_position?: number;
            };
            header?: never;
            path: {
                /**
                 * @description A campaign: its task_id
                 * @example TASK20261120
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "campaign": "TASK20261120",
                     *           "causationid": "1b1da118-8e8b-5fa5-a790-a286a71e79b0",
                     *           "correlationid": "1b1da118-8e8b-5fa5-a790-a286a71e79b0",
                     *           "customer": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
                     *           "data": {
                     *             "reason": "requested"
                     *           },
                     *           "datacontenttype": "application/json",
                     *           "id": "1b1da118-8e8b-5fa5-a790-a286a71e79b0",
                     *           "kindversion": 1,
                     *           "position": "42",
                     *           "rehearsal": true,
                     *           "source": "/ledgerline",
                     *           "specversion": "1.0",
                     *           "streamversion": 1,
                     *           "subject": "campaign-TASK20261120",
                     *           "time": "2026-11-20T02:00:00.000000Z",
                     *           "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                     *           "type": "campaign.paused"
                     *         }
                     *       ],
                     *       "next": "42"
                     *     }
                     */
                    "application/json": components["schemas"]["EventPage"];
                };
            };
        };
    };
    get_campaigns_id_funnel: {
        parameters: {
            query?: {
                /**
                 * @description As known then: only events up to this position, or recorded up to this RFC 3339 instant
                 * @example 42
                 */
                as_of?: string;
                /**
                 * @description As true then: of what is known, what had happened by this RFC 3339 instant, corrections read back
                 * @example 2026-11-20T10:00:00+08:00
                 */
                valid_at?: string;
                /**
                 * @description Wait until the views have this position
                 * @example 42
                 */
                after_position?: number;
            };
            header?: {
                /**
                 * @description Only if the reply is another than the one with this `etag`; otherwise 304, without a body
                 * @example "0f3a"
                 */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description A campaign: its task_id
                 * @example TASK20261120
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    /** @description The same as long as the reply is */
                    etag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "campaign": "TASK20261120",
                     *       "complete_up_to": {
                     *         "behind_events": 1,
                     *         "position": "42",
                     *         "recorded_at": "2026-11-20T02:00:00.000000Z"
                     *       },
                     *       "known": {
                     *         "as_of": "42",
                     *         "copied_position": "42",
                     *         "events": 1,
                     *         "kept": true,
                     *         "label_en": "in English",
                     *         "label_zh": "中文",
                     *         "last_position": "42",
                     *         "last_recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "ms": 1,
                     *         "position": "42",
                     *         "recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "valid_at": "2026-11-20T02:00:00.000000Z"
                     *       },
                     *       "position": "42",
                     *       "stages": [
                     *         {
                     *           "customers": 1,
                     *           "label_en": "in English",
                     *           "label_zh": "中文",
                     *           "of_previous_ratio": 0.5,
                     *           "stage": "enrolled"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["FunnelStanding"];
                };
            };
        };
    };
    get_campaigns_id_report: {
        parameters: {
            query?: {
                /**
                 * @description As known then: only events up to this position, or recorded up to this RFC 3339 instant
                 * @example 42
                 */
                as_of?: string;
                /**
                 * @description As true then: of what is known, what had happened by this RFC 3339 instant, corrections read back
                 * @example 2026-11-20T10:00:00+08:00
                 */
                valid_at?: string;
                /**
                 * @description Wait until the views have this position
                 * @example 42
                 */
                after_position?: number;
            };
            header?: {
                /**
                 * @description Only if the reply is another than the one with this `etag`; otherwise 304, without a body
                 * @example "0f3a"
                 */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description A campaign: its task_id
                 * @example TASK20261120
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    /** @description The same as long as the reply is */
                    etag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "answer_ratio": 0.5,
                     *       "answer_ratio_people": 0.5,
                     *       "answered": 1,
                     *       "as_of_position": "42",
                     *       "by_flow_version": [
                     *         [
                     *           "TASK20261120 v1",
                     *           {
                     *             "answer_ratio": 0.5,
                     *             "answer_ratio_people": 0.5,
                     *             "answered": 1,
                     *             "conversion_ratio": 0.5,
                     *             "conversion_ratio_people": 0.5,
                     *             "conversions": 1,
                     *             "dialed": 1,
                     *             "ended": 1,
                     *             "person_answered": 1,
                     *             "talk_ms": 1,
                     *             "talk_ms_mean": 0.5,
                     *             "talked": 1
                     *           }
                     *         ]
                     *       ],
                     *       "by_trunk": [
                     *         [
                     *           "trunk-1",
                     *           {
                     *             "answer_ratio": 0.5,
                     *             "answer_ratio_people": 0.5,
                     *             "answered": 1,
                     *             "conversion_ratio": 0.5,
                     *             "conversion_ratio_people": 0.5,
                     *             "conversions": 1,
                     *             "dialed": 1,
                     *             "ended": 1,
                     *             "person_answered": 1,
                     *             "talk_ms": 1,
                     *             "talk_ms_mean": 0.5,
                     *             "talked": 1
                     *           }
                     *         ]
                     *       ],
                     *       "campaign": "TASK20261120",
                     *       "chart": {
                     *         "beside": [
                     *           {
                     *             "data": [
                     *               0.5
                     *             ],
                     *             "label": {
                     *               "en": "in English",
                     *               "zh": "中文"
                     *             },
                     *             "metric": "answer_ratio_per_call",
                     *             "version": 1
                     *           }
                     *         ],
                     *         "metric": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "series": [
                     *           {
                     *             "data": [
                     *               0.5
                     *             ],
                     *             "name": "接通率",
                     *             "type": "bar"
                     *           }
                     *         ],
                     *         "xAxis": {
                     *           "data": [
                     *             "10:00"
                     *           ],
                     *           "type": "category"
                     *         },
                     *         "yAxis": {
                     *           "type": "value"
                     *         }
                     *       },
                     *       "conversion_ratio": 0.5,
                     *       "conversion_ratio_people": 0.5,
                     *       "conversions": 1,
                     *       "corrections": [
                     *         {
                     *           "code": "answered",
                     *           "count": 1
                     *         }
                     *       ],
                     *       "definitions": {
                     *         "answer_ratio": "in words",
                     *         "answer_ratio_people": "in words",
                     *         "conversion_ratio": "in words",
                     *         "conversion_ratio_people": "in words",
                     *         "talk_ms_mean": "in words"
                     *       },
                     *       "dialed": 1,
                     *       "dispositions": {
                     *         "abandoned": 1,
                     *         "answered": 1,
                     *         "answered_short": 1,
                     *         "blocked": 1,
                     *         "busy": 1,
                     *         "congestion": 1,
                     *         "interrupted": 1,
                     *         "invalid_number": 1,
                     *         "loop": 1,
                     *         "machine": 1,
                     *         "media_incompatible": 1,
                     *         "no_answer": 1,
                     *         "not_permitted": 1,
                     *         "redirect_refused": 1,
                     *         "rejected": 1,
                     *         "screened": 1,
                     *         "trunk_auth": 1,
                     *         "trunk_denied": 1,
                     *         "trunk_timeout": 1,
                     *         "trunk_unreachable": 1,
                     *         "unreachable": 1,
                     *         "unreachable_route": 1,
                     *         "withdrawn": 1
                     *       },
                     *       "ended": 1,
                     *       "enrolled": 1,
                     *       "hours": [
                     *         {
                     *           "calls": {
                     *             "answer_ratio": 0.5,
                     *             "answer_ratio_people": 0.5,
                     *             "answered": 1,
                     *             "conversion_ratio": 0.5,
                     *             "conversion_ratio_people": 0.5,
                     *             "conversions": 1,
                     *             "dialed": 1,
                     *             "ended": 1,
                     *             "person_answered": 1,
                     *             "talk_ms": 1,
                     *             "talk_ms_mean": 0.5,
                     *             "talked": 1
                     *           },
                     *           "date": "2026-11-20",
                     *           "hour_at": "2026-11-20T02:00:00.000000Z",
                     *           "label": "10:00"
                     *         }
                     *       ],
                     *       "known": {
                     *         "as_of": "42",
                     *         "copied_position": "42",
                     *         "events": 1,
                     *         "kept": true,
                     *         "label_en": "in English",
                     *         "label_zh": "中文",
                     *         "last_position": "42",
                     *         "last_recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "ms": 1,
                     *         "position": "42",
                     *         "recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "valid_at": "2026-11-20T02:00:00.000000Z"
                     *       },
                     *       "metrics": [
                     *         {
                     *           "awaits": "call.transferred",
                     *           "by": "hour",
                     *           "definition": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "denominator": {
                     *             "en": "in English",
                     *             "term": "answered_calls",
                     *             "zh": "中文"
                     *           },
                     *           "denominator_count": 1,
                     *           "effective_from": "2026-01-01",
                     *           "headline": true,
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "name": "answer_ratio_per_call",
                     *           "numerator": {
                     *             "en": "in English",
                     *             "term": "answered_calls",
                     *             "zh": "中文"
                     *           },
                     *           "numerator_count": 1,
                     *           "source": "16 CFR 310.4(b)(4)(i)",
                     *           "unit": "ms",
                     *           "value": 0.5,
                     *           "version": 1
                     *         }
                     *       ],
                     *       "outcomes": {
                     *         "callback": 1,
                     *         "declined": 1,
                     *         "failed": 1,
                     *         "hung_up": 1,
                     *         "no_response": 1,
                     *         "opted_out": 1,
                     *         "success": 1,
                     *         "transferred": 1,
                     *         "wrong_party": 1
                     *       },
                     *       "person_answered": 1,
                     *       "settled": 1,
                     *       "settled_as": {
                     *         "abandoned": 1,
                     *         "answered": 1,
                     *         "answered_short": 1,
                     *         "blocked": 1,
                     *         "busy": 1,
                     *         "congestion": 1,
                     *         "interrupted": 1,
                     *         "invalid_number": 1,
                     *         "loop": 1,
                     *         "machine": 1,
                     *         "media_incompatible": 1,
                     *         "no_answer": 1,
                     *         "not_permitted": 1,
                     *         "redirect_refused": 1,
                     *         "rejected": 1,
                     *         "screened": 1,
                     *         "trunk_auth": 1,
                     *         "trunk_denied": 1,
                     *         "trunk_timeout": 1,
                     *         "trunk_unreachable": 1,
                     *         "unreachable": 1,
                     *         "unreachable_route": 1,
                     *         "withdrawn": 1
                     *       },
                     *       "status": "running",
                     *       "talk_ms_mean": 0.5,
                     *       "versions": {
                     *         "answer_ratio": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_call": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_call_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_leg": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_leg_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "conversion_ratio": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "conversion_ratio_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "failure_ratio_per_leg": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "settled_answer_ratio": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "talk_ms_mean": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         }
                     *       },
                     *       "withdrawn": 1
                     *     }
                     */
                    "application/json": components["schemas"]["ReportShown"];
                };
            };
        };
    };
    get_campaigns_id_targets: {
        parameters: {
            query?: {
                /**
                 * @description Wait until the views have this position
                 * @example 42
                 */
                after_position?: number;
            };
            header?: never;
            path: {
                /**
                 * @description A campaign: its task_id
                 * @example TASK20261120
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "campaign": "TASK20261120",
                     *       "items": [
                     *         {
                     *           "campaign": "TASK20261120",
                     *           "metric": "answer_ratio_per_call",
                     *           "per_mille": 1,
                     *           "set_at": "2026-11-20T02:00:00.000000Z",
                     *           "set_by": "wang",
                     *           "version": 1
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["TargetsShown"];
                };
            };
        };
    };
    get_customers_id: {
        parameters: {
            query?: {
                /**
                 * @description As known then: only events up to this position, or recorded up to this RFC 3339 instant
                 * @example 42
                 */
                as_of?: string;
                /**
                 * @description As true then: of what is known, what had happened by this RFC 3339 instant, corrections read back
                 * @example 2026-11-20T10:00:00+08:00
                 */
                valid_at?: string;
                /**
                 * @description Who reads, for the record
                 * @example wang
                 */
                by?: string;
                /**
                 * @description Why, for the record; nothing personal
                 * @example a complaint
                 */
                reason?: string;
                /**
                 * @description Wait until the views have this position
                 * @example 42
                 */
                after_position?: number;
            };
            header?: never;
            path: {
                /**
                 * @description A customer: the institution's own id, or ours
                 * @example C01
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "calls": [
                     *         "bfe2ae75-58ca-5f5a-9c04-eb33cdd94f14"
                     *       ],
                     *       "customer_id": "**1",
                     *       "enrolments": [
                     *         {
                     *           "attempts": 1,
                     *           "basis": "contract",
                     *           "callback": {
                     *             "agent": "wang",
                     *             "any_from": "2026-11-20T02:00:00.000000Z",
                     *             "at": "2026-11-20T02:00:00.000000Z",
                     *             "until": "2026-11-20T02:00:00.000000Z"
                     *           },
                     *           "calls_count": 1,
                     *           "campaign": "TASK20261120",
                     *           "due_at": "2026-11-20T02:00:00.000000Z",
                     *           "list": "ea67debc-fc16-52ce-81cf-0219c406aeaa",
                     *           "not_called": {
                     *             "at": "2026-11-20T02:00:00.000000Z",
                     *             "en": "in English",
                     *             "facts": {
                     *               "hours": "09:00-20:00"
                     *             },
                     *             "next_due_at": "2026-11-20T02:00:00.000000Z",
                     *             "rule": "calling_window",
                     *             "zh": "中文"
                     *           },
                     *           "open_call": "bfe2ae75-58ca-5f5a-9c04-eb33cdd94f14",
                     *           "settled": {
                     *             "disposition": "answered",
                     *             "outcome": "success"
                     *           }
                     *         }
                     *       ],
                     *       "id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
                     *       "known": {
                     *         "as_of": "42",
                     *         "copied_position": "42",
                     *         "events": 1,
                     *         "kept": true,
                     *         "label_en": "in English",
                     *         "label_zh": "中文",
                     *         "last_position": "42",
                     *         "last_recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "ms": 1,
                     *         "position": "42",
                     *         "recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "valid_at": "2026-11-20T02:00:00.000000Z"
                     *       },
                     *       "local_zone": "Asia/Shanghai",
                     *       "name": "王*",
                     *       "numbers": [
                     *         {
                     *           "id": "ffeeddccbbaa99887766554433221100",
                     *           "invalid": true,
                     *           "phone": "138****8000"
                     *         }
                     *       ],
                     *       "standing": {
                     *         "certificate": "1b1da118-8e8b-5fa5-a790-a286a71e79b0",
                     *         "certificate_event": "customer.erasure_certified",
                     *         "erasure": "none",
                     *         "held": "a complaint is being looked into",
                     *         "key_backup_days_max": 1,
                     *         "open_calls": [
                     *           "bfe2ae75-58ca-5f5a-9c04-eb33cdd94f14"
                     *         ]
                     *       },
                     *       "time_zone": "Asia/Shanghai"
                     *     }
                     */
                    "application/json": components["schemas"]["CustomerShown"];
                };
            };
        };
    };
    get_customers_id_timeline: {
        parameters: {
            query?: {
                /**
                 * @description As known then: only events up to this position, or recorded up to this RFC 3339 instant
                 * @example 42
                 */
                as_of?: string;
                /**
                 * @description As true then: of what is known, what had happened by this RFC 3339 instant, corrections read back
                 * @example 2026-11-20T10:00:00+08:00
                 */
                valid_at?: string;
                /**
                 * @description Who reads, for the record
                 * @example wang
                 */
                by?: string;
                /**
                 * @description Why, for the record; nothing personal
                 * @example a complaint
                 */
                reason?: string;
                /**
                 * @description Wait until the views have this position
                 * @example 42
                 */
                after_position?: number;
            };
            header?: never;
            path: {
                /**
                 * @description A customer: the institution's own id, or ours
                 * @example C01
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "calls": [
                     *         {
                     *           "answered_at": "2026-11-20T02:00:00.000000Z",
                     *           "attempt": 1,
                     *           "call": "bfe2ae75-58ca-5f5a-9c04-eb33cdd94f14",
                     *           "campaign": "TASK20261120",
                     *           "disposition": "answered",
                     *           "ended_at": "2026-11-20T02:00:00.000000Z",
                     *           "number": "ffeeddccbbaa99887766554433221100",
                     *           "outcome": "success",
                     *           "permitted_at": "2026-11-20T02:00:00.000000Z",
                     *           "talk_ms": 1
                     *         }
                     *       ],
                     *       "id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
                     *       "known": {
                     *         "as_of": "42",
                     *         "copied_position": "42",
                     *         "events": 1,
                     *         "kept": true,
                     *         "label_en": "in English",
                     *         "label_zh": "中文",
                     *         "last_position": "42",
                     *         "last_recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "ms": 1,
                     *         "position": "42",
                     *         "recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "valid_at": "2026-11-20T02:00:00.000000Z"
                     *       },
                     *       "timeline": [
                     *         {
                     *           "at": "2026-11-20T02:00:00.000000Z",
                     *           "call": "bfe2ae75-58ca-5f5a-9c04-eb33cdd94f14",
                     *           "campaign": "TASK20261120",
                     *           "facts": {
                     *             "disposition": "busy"
                     *           },
                     *           "kind": "call.ended",
                     *           "position": 1
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["TimelineShown"];
                };
            };
        };
    };
    get_customers_id_why_not: {
        parameters: {
            query?: {
                /**
                 * @description Only this campaign; default: all the person is in
                 * @example TASK20261120
                 */
                campaign?: string;
                /**
                 * @description When; default: now. Of a time gone by, by what was known then
                 * @example 2026-11-20T10:00:00+08:00
                 */
                at?: string;
                /**
                 * @description Who reads, for the record
                 * @example wang
                 */
                by?: string;
                /**
                 * @description Why, for the record; nothing personal
                 * @example a complaint
                 */
                reason?: string;
                /**
                 * @description Wait until the views have this position
                 * @example 42
                 */
                after_position?: number;
            };
            header?: never;
            path: {
                /**
                 * @description A customer: the institution's own id, or ours
                 * @example C01
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "assumed": [
                     *         "campaign_running"
                     *       ],
                     *       "at": "2026-11-20T02:00:00.000000Z",
                     *       "campaign": "TASK20261120",
                     *       "campaigns": [
                     *         {
                     *           "campaign": "TASK20261120",
                     *           "not_before": "2026-11-20T02:00:00.000000Z",
                     *           "permitted": true,
                     *           "rule": "calling_window"
                     *         }
                     *       ],
                     *       "dials": [
                     *         {
                     *           "at": "2026-11-20T02:00:00.000000Z",
                     *           "call": "bfe2ae75-58ca-5f5a-9c04-eb33cdd94f14",
                     *           "event": "customer.dial_refused",
                     *           "not_before": "2026-11-20T02:00:00.000000Z",
                     *           "position": "42",
                     *           "rule": "calling_window"
                     *         }
                     *       ],
                     *       "en": "in English",
                     *       "facts": {
                     *         "hours": "09:00-20:00"
                     *       },
                     *       "id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
                     *       "known": {
                     *         "as_of": "42",
                     *         "copied_position": "42",
                     *         "events": 1,
                     *         "kept": true,
                     *         "label_en": "in English",
                     *         "label_zh": "中文",
                     *         "last_position": "42",
                     *         "last_recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "ms": 1,
                     *         "position": "42",
                     *         "recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "valid_at": "2026-11-20T02:00:00.000000Z"
                     *       },
                     *       "not_before": "2026-11-20T02:00:00.000000Z",
                     *       "permitted": true,
                     *       "rule": "calling_window",
                     *       "verdicts": [
                     *         {
                     *           "decision": "allow",
                     *           "effective_from": "2026-01-01",
                     *           "en": "in English",
                     *           "facts": {
                     *             "hours": "09:00-20:00"
                     *           },
                     *           "judged_by": "customer",
                     *           "rule": "calling_window",
                     *           "version": 1,
                     *           "zh": "中文"
                     *         }
                     *       ],
                     *       "version": 1,
                     *       "zh": "中文"
                     *     }
                     */
                    "application/json": components["schemas"]["WhyNotShown"];
                };
            };
        };
    };
    get_live: {
        parameters: {
            query?: {
                /**
                 * @description Wait until the views have this position
                 * @example 42
                 */
                after_position?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "age_ms": 1,
                     *       "campaigns": [
                     *         {
                     *           "campaign": "TASK20261120",
                     *           "last_5_minutes": {
                     *             "angry_calls": 1,
                     *             "answer_ratio": 0.5,
                     *             "answer_ratio_people": 0.5,
                     *             "answered": 1,
                     *             "conversion_ratio": 0.5,
                     *             "conversions": 1,
                     *             "dialed": 1,
                     *             "ended": 1,
                     *             "left_over": 1,
                     *             "person_answered": 1,
                     *             "sensitive_words": 1,
                     *             "settled": 1,
                     *             "settled_answer_ratio": 0.5,
                     *             "talk_ms_mean": 0.5
                     *           },
                     *           "last_hour": {
                     *             "angry_calls": 1,
                     *             "answer_ratio": 0.5,
                     *             "answer_ratio_people": 0.5,
                     *             "answered": 1,
                     *             "conversion_ratio": 0.5,
                     *             "conversions": 1,
                     *             "dialed": 1,
                     *             "ended": 1,
                     *             "left_over": 1,
                     *             "person_answered": 1,
                     *             "sensitive_words": 1,
                     *             "settled": 1,
                     *             "settled_answer_ratio": 0.5,
                     *             "talk_ms_mean": 0.5
                     *           },
                     *           "open": {
                     *             "talking": 3
                     *           }
                     *         }
                     *       ],
                     *       "engines": [
                     *         {
                     *           "calls": 1,
                     *           "engine": "vosk",
                     *           "engine_kind": "recognizer",
                     *           "failed_calls": 1,
                     *           "failed_last": true,
                     *           "last_call_at": "2026-11-20T02:00:00.000000Z",
                     *           "last_failure": "unreachable"
                     *         }
                     *       ],
                     *       "forgotten": 1,
                     *       "last_5_minutes": {
                     *         "angry_calls": 1,
                     *         "answer_ratio": 0.5,
                     *         "answer_ratio_people": 0.5,
                     *         "answered": 1,
                     *         "conversion_ratio": 0.5,
                     *         "conversions": 1,
                     *         "dialed": 1,
                     *         "ended": 1,
                     *         "left_over": 1,
                     *         "person_answered": 1,
                     *         "sensitive_words": 1,
                     *         "settled": 1,
                     *         "settled_answer_ratio": 0.5,
                     *         "talk_ms_mean": 0.5
                     *       },
                     *       "last_hour": {
                     *         "angry_calls": 1,
                     *         "answer_ratio": 0.5,
                     *         "answer_ratio_people": 0.5,
                     *         "answered": 1,
                     *         "conversion_ratio": 0.5,
                     *         "conversions": 1,
                     *         "dialed": 1,
                     *         "ended": 1,
                     *         "left_over": 1,
                     *         "person_answered": 1,
                     *         "sensitive_words": 1,
                     *         "settled": 1,
                     *         "settled_answer_ratio": 0.5,
                     *         "talk_ms_mean": 0.5
                     *       },
                     *       "open": {
                     *         "talking": 3
                     *       },
                     *       "position": "42",
                     *       "recorded_at": "2026-11-20T02:00:00.000000Z",
                     *       "shown_at": "2026-11-20T02:00:00.000000Z",
                     *       "trunks": [
                     *         {
                     *           "failures_in_row": 1,
                     *           "last_5_minutes": {
                     *             "angry_calls": 1,
                     *             "answer_ratio": 0.5,
                     *             "answer_ratio_people": 0.5,
                     *             "answered": 1,
                     *             "conversion_ratio": 0.5,
                     *             "conversions": 1,
                     *             "dialed": 1,
                     *             "ended": 1,
                     *             "left_over": 1,
                     *             "person_answered": 1,
                     *             "sensitive_words": 1,
                     *             "settled": 1,
                     *             "settled_answer_ratio": 0.5,
                     *             "talk_ms_mean": 0.5
                     *           },
                     *           "last_failure": "answered",
                     *           "last_failure_at": "2026-11-20T02:00:00.000000Z",
                     *           "last_hour": {
                     *             "angry_calls": 1,
                     *             "answer_ratio": 0.5,
                     *             "answer_ratio_people": 0.5,
                     *             "answered": 1,
                     *             "conversion_ratio": 0.5,
                     *             "conversions": 1,
                     *             "dialed": 1,
                     *             "ended": 1,
                     *             "left_over": 1,
                     *             "person_answered": 1,
                     *             "sensitive_words": 1,
                     *             "settled": 1,
                     *             "settled_answer_ratio": 0.5,
                     *             "talk_ms_mean": 0.5
                     *           },
                     *           "trunk": "trunk-1"
                     *         }
                     *       ],
                     *       "versions": {
                     *         "answer_ratio": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_call": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_call_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_leg": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_leg_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "conversion_ratio": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "conversion_ratio_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "failure_ratio_per_leg": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "settled_answer_ratio": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "talk_ms_mean": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         }
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["LivePicture"];
                };
            };
        };
    };
    get_log_checkpoint: {
        parameters: {
            query?: {
                /**
                 * @description Wait until the views have this position
                 * @example 42
                 */
                after_position?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "checkpoint": "ledgerline.example/log\n42\nCsUY\n\n— ledgerline.example Az3g\n",
                     *       "key": "ledgerline.example+1a2b3c4d+AQ==",
                     *       "key_fingerprint": "3f5a 9c01 77de 4b12",
                     *       "origin": "ledgerline.example/log",
                     *       "root": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *       "size": 1
                     *     }
                     */
                    "application/json": components["schemas"]["CheckpointShown"];
                };
            };
        };
    };
    get_reports_daily: {
        parameters: {
            query?: {
                /**
                 * @description A day such as 2026-11-20; default today in Beijing
                 * @example 2026-11-20
                 */
                date?: string;
                /**
                 * @description As known then: only events up to this position, or recorded up to this RFC 3339 instant
                 * @example 42
                 */
                as_of?: string;
                /**
                 * @description As true then: of what is known, what had happened by this RFC 3339 instant, corrections read back
                 * @example 2026-11-20T10:00:00+08:00
                 */
                valid_at?: string;
                /**
                 * @description Wait until the views have this position
                 * @example 42
                 */
                after_position?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "campaigns": [
                     *         {
                     *           "abandon_ratio_house_v1": {
                     *             "denominator": 1,
                     *             "numerator": 1,
                     *             "value": 0.5
                     *           },
                     *           "answer_ratio_per_call_v1": {
                     *             "denominator": 1,
                     *             "numerator": 1,
                     *             "value": 0.5
                     *           },
                     *           "answer_ratio_per_call_v2": {
                     *             "denominator": 1,
                     *             "numerator": 1,
                     *             "value": 0.5
                     *           },
                     *           "answer_ratio_per_customer_v1": {
                     *             "denominator": 1,
                     *             "numerator": 1,
                     *             "value": 0.5
                     *           },
                     *           "answer_ratio_per_customer_v2": {
                     *             "denominator": 1,
                     *             "numerator": 1,
                     *             "value": 0.5
                     *           },
                     *           "answered_calls_v1": {
                     *             "denominator": 1,
                     *             "numerator": 1,
                     *             "value": 0.5
                     *           },
                     *           "campaign": "TASK20261120",
                     *           "conversion_ratio_v1": {
                     *             "denominator": 1,
                     *             "numerator": 1,
                     *             "value": 0.5
                     *           },
                     *           "conversion_ratio_v2": {
                     *             "denominator": 1,
                     *             "numerator": 1,
                     *             "value": 0.5
                     *           },
                     *           "conversions_v1": {
                     *             "denominator": 1,
                     *             "numerator": 1,
                     *             "value": 0.5
                     *           },
                     *           "dialed_calls_v1": {
                     *             "denominator": 1,
                     *             "numerator": 1,
                     *             "value": 0.5
                     *           },
                     *           "reach_ratio_v1": {
                     *             "denominator": 1,
                     *             "numerator": 1,
                     *             "value": 0.5
                     *           },
                     *           "talk_ms_mean_v1": {
                     *             "denominator": 1,
                     *             "numerator": 1,
                     *             "value": 0.5
                     *           }
                     *         }
                     *       ],
                     *       "columns": [
                     *         {
                     *           "awaits": "call.transferred",
                     *           "by": "hour",
                     *           "column": "answer_ratio_per_call_v1",
                     *           "definition": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "denominator": {
                     *             "en": "in English",
                     *             "term": "answered_calls",
                     *             "zh": "中文"
                     *           },
                     *           "effective_from": "2026-01-01",
                     *           "headline": true,
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "name": "answer_ratio_per_call",
                     *           "numerator": {
                     *             "en": "in English",
                     *             "term": "answered_calls",
                     *             "zh": "中文"
                     *           },
                     *           "source": "16 CFR 310.4(b)(4)(i)",
                     *           "unit": "ms",
                     *           "version": 1
                     *         }
                     *       ],
                     *       "complete": true,
                     *       "complete_up_to": {
                     *         "behind_events": 1,
                     *         "position": "42",
                     *         "recorded_at": "2026-11-20T02:00:00.000000Z"
                     *       },
                     *       "date": "2026-11-20",
                     *       "from": "2026-11-20T02:00:00.000000Z",
                     *       "known": {
                     *         "as_of": "42",
                     *         "copied_position": "42",
                     *         "events": 1,
                     *         "kept": true,
                     *         "label_en": "in English",
                     *         "label_zh": "中文",
                     *         "last_position": "42",
                     *         "last_recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "ms": 1,
                     *         "position": "42",
                     *         "recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "valid_at": "2026-11-20T02:00:00.000000Z"
                     *       },
                     *       "position": "42",
                     *       "recorded_at": "2026-11-20T02:00:00.000000Z",
                     *       "report": "daily",
                     *       "targets": [
                     *         {
                     *           "actual_ratio": 0.5,
                     *           "campaign": "TASK20261120",
                     *           "metric": "answer_ratio_per_call",
                     *           "reached": true,
                     *           "target_ratio": 0.5,
                     *           "version": 1
                     *         }
                     *       ],
                     *       "to": "2026-11-20T02:00:00.000000Z",
                     *       "totals": {
                     *         "abandon_ratio_house_v1": {
                     *           "denominator": 1,
                     *           "numerator": 1,
                     *           "value": 0.5
                     *         },
                     *         "answer_ratio_per_call_v1": {
                     *           "denominator": 1,
                     *           "numerator": 1,
                     *           "value": 0.5
                     *         },
                     *         "answer_ratio_per_call_v2": {
                     *           "denominator": 1,
                     *           "numerator": 1,
                     *           "value": 0.5
                     *         },
                     *         "answer_ratio_per_customer_v1": {
                     *           "denominator": 1,
                     *           "numerator": 1,
                     *           "value": 0.5
                     *         },
                     *         "answer_ratio_per_customer_v2": {
                     *           "denominator": 1,
                     *           "numerator": 1,
                     *           "value": 0.5
                     *         },
                     *         "answered_calls_v1": {
                     *           "denominator": 1,
                     *           "numerator": 1,
                     *           "value": 0.5
                     *         },
                     *         "conversion_ratio_v1": {
                     *           "denominator": 1,
                     *           "numerator": 1,
                     *           "value": 0.5
                     *         },
                     *         "conversion_ratio_v2": {
                     *           "denominator": 1,
                     *           "numerator": 1,
                     *           "value": 0.5
                     *         },
                     *         "conversions_v1": {
                     *           "denominator": 1,
                     *           "numerator": 1,
                     *           "value": 0.5
                     *         },
                     *         "dialed_calls_v1": {
                     *           "denominator": 1,
                     *           "numerator": 1,
                     *           "value": 0.5
                     *         },
                     *         "reach_ratio_v1": {
                     *           "denominator": 1,
                     *           "numerator": 1,
                     *           "value": 0.5
                     *         },
                     *         "talk_ms_mean_v1": {
                     *           "denominator": 1,
                     *           "numerator": 1,
                     *           "value": 0.5
                     *         }
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["DailyStanding"];
                };
            };
        };
    };
    get_sign_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "issuer": "https://login.example.com",
                     *       "second_factor_for": [
                     *         "admin"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Ways"];
                };
            };
        };
    };
    post_sign_in: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The same key again is the same command: it is answered, not done twice
                 * @example 2026-11-20-pause-1
                 */
                "Idempotency-Key"?: string;
                /**
                 * @description Only while what is written to has this version (the `etag` of a write); otherwise 412
                 * @example "v3"
                 */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "code": "answered",
                 *       "name": "wang",
                 *       "password": "correct horse battery"
                 *     }
                 */
                "application/json": components["schemas"]["SignInOrder"];
            };
        };
        responses: {
            /** @description Signed in; the session's cookie is set */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "csrf_token": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                     *       "until": "2026-11-20T02:00:00.000000Z",
                     *       "user": "wang"
                     *     }
                     */
                    "application/json": components["schemas"]["Session"];
                };
            };
        };
    };
    get_stop: {
        parameters: {
            query?: {
                /**
                 * @description Wait until the views have this position
                 * @example 42
                 */
                after_position?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "by": "wang",
                     *           "hang_up": true,
                     *           "id": "TASK20261120",
                     *           "reason": "asked for by telephone",
                     *           "scope": "all",
                     *           "since": "2026-11-20T02:00:00.000000Z",
                     *           "stop": "campaign.TASK20261120"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["StopsEngaged"];
                };
            };
        };
    };
    post_stop: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The same key again is the same command: it is answered, not done twice
                 * @example 2026-11-20-pause-1
                 */
                "Idempotency-Key"?: string;
                /**
                 * @description Only while what is written to has this version (the `etag` of a write); otherwise 412
                 * @example "v3"
                 */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reason": "the flow names a wrong date",
                 *       "scope": "all"
                 *     }
                 */
                "application/json": components["schemas"]["StopOrder"];
            };
        };
        responses: {
            /** @description Done, or so already */
            200: {
                headers: {
                    /** @description The version of what was written to */
                    etag?: string;
                    /** @description Where in the log the write stands */
                    "x-event-position"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "engaged": true,
                     *       "hang_up": true,
                     *       "id": "TASK20261120",
                     *       "position": "42",
                     *       "scope": "all",
                     *       "since": "2026-11-20T02:00:00.000000Z",
                     *       "stop": "campaign.TASK20261120"
                     *     }
                     */
                    "application/json": components["schemas"]["StopChanged"];
                };
            };
        };
    };
    get_whoami: {
        parameters: {
            query?: {
                /**
                 * @description Wait until the views have this position
                 * @example 42
                 */
                after_position?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "campaigns": [
                     *         "TASK20261120"
                     *       ],
                     *       "csrf_token": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                     *       "door": "session",
                     *       "permissions": [
                     *         "campaigns:read"
                     *       ],
                     *       "roles": [
                     *         "admin"
                     *       ],
                     *       "team": "north",
                     *       "user": "wang"
                     *     }
                     */
                    "application/json": components["schemas"]["WhoAmI"];
                };
            };
        };
    };
    get_readyz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As asked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "clock": [
                     *         {
                     *           "dialing_allowed": true,
                     *           "measured_at": "2026-11-20T02:00:00.000000Z",
                     *           "offset_ms": 1,
                     *           "round_trip_ms": 1,
                     *           "source": "ntp.example.com:123",
                     *           "uncertainty_ms": 1
                     *         }
                     *       ],
                     *       "descriptors": {
                     *         "connections_room": 1,
                     *         "legs_room": 1,
                     *         "limit": 1
                     *       },
                     *       "dialing": "dialing",
                     *       "dialing_refused": "the clock was set back",
                     *       "engines": [
                     *         {
                     *           "calls": 1,
                     *           "engine": "vosk",
                     *           "engine_kind": "recognizer",
                     *           "failed_calls": 1,
                     *           "failed_last": true,
                     *           "last_call": "served",
                     *           "last_call_at": "2026-11-20T02:00:00.000000Z",
                     *           "last_failure": "unreachable"
                     *         }
                     *       ],
                     *       "history_lost": {
                     *         "known_by": "checkpoint",
                     *         "known_head": "42",
                     *         "known_root": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *         "log_head": "42",
                     *         "log_root": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *         "since": "2026-11-20T02:00:00.000000Z"
                     *       },
                     *       "position": "42",
                     *       "ready": true,
                     *       "rehearsal": true,
                     *       "sip_datagrams_refused": {
                     *         "dropped": 1,
                     *         "foreign": 1,
                     *         "malformed": 1
                     *       },
                     *       "stops": [
                     *         "all"
                     *       ],
                     *       "synthesizer": "espeak-ng",
                     *       "unconfirmed_restore": {
                     *         "backup_made_at": "2026-11-20T02:00:00.000000Z",
                     *         "log_root": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *         "source_head": "42",
                     *         "to_position": "42"
                     *       },
                     *       "views_lag_events": 1,
                     *       "views_parked": [
                     *         {
                     *           "position": "42",
                     *           "view": "campaign_board",
                     *           "why": "in words"
                     *         }
                     *       ],
                     *       "worklist_age_ms": 1
                     *     }
                     */
                    "application/json": components["schemas"]["Readiness"];
                };
            };
        };
    };
    post_alerts_id_acknowledge: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The same key again is the same command: it is answered, not done twice
                 * @example 2026-11-20-pause-1
                 */
                "Idempotency-Key"?: string;
                /**
                 * @description Only while what is written to has this version (the `etag` of a write); otherwise 412
                 * @example "v3"
                 */
                "If-Match"?: string;
            };
            path: {
                /**
                 * @description An alert
                 * @example 6b2f1f0e-6f0b-5f4e-9d8a-0c1d2e3f4a5b
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "by": "wang",
                 *       "note": "seen to"
                 *     }
                 */
                "application/json": components["schemas"]["AlertNote"];
            };
        };
        responses: {
            /** @description Done, or so already */
            200: {
                headers: {
                    /** @description The version of what was written to */
                    etag?: string;
                    /** @description Where in the log the write stands */
                    "x-event-position"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "acknowledged": true,
                     *       "alert": "d87e66ea-eb38-51c5-9a55-30d3938573b9",
                     *       "muted_until": "2026-11-20T02:00:00.000000Z",
                     *       "position": "42",
                     *       "standing": true
                     *     }
                     */
                    "application/json": components["schemas"]["AlertChanged"];
                };
            };
        };
    };
    post_campaigns_id_pause: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The same key again is the same command: it is answered, not done twice
                 * @example 2026-11-20-pause-1
                 */
                "Idempotency-Key"?: string;
                /**
                 * @description Only while what is written to has this version (the `etag` of a write); otherwise 412
                 * @example "v3"
                 */
                "If-Match"?: string;
            };
            path: {
                /**
                 * @description A campaign: its task_id
                 * @example TASK20261120
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done, or so already */
            200: {
                headers: {
                    /** @description The version of what was written to */
                    etag?: string;
                    /** @description Where in the log the write stands */
                    "x-event-position"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "alerts": 1,
                     *       "answer_ratio": 0.5,
                     *       "answer_ratio_people": 0.5,
                     *       "answered": 1,
                     *       "basis": "contract",
                     *       "calls_ended": 1,
                     *       "conversion_ratio": 0.5,
                     *       "conversion_ratio_people": 0.5,
                     *       "customer_segment": "due-in-3-days",
                     *       "dialed": 1,
                     *       "duplicates": "by_number",
                     *       "ends_at": "2026-11-20T02:00:00.000000Z",
                     *       "enrolled": 1,
                     *       "flow": {
                     *         "content_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *         "flow": "TASK20261120",
                     *         "version": 1
                     *       },
                     *       "id": "TASK20261120",
                     *       "known": {
                     *         "as_of": "42",
                     *         "copied_position": "42",
                     *         "events": 1,
                     *         "kept": true,
                     *         "label_en": "in English",
                     *         "label_zh": "中文",
                     *         "last_position": "42",
                     *         "last_recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "ms": 1,
                     *         "position": "42",
                     *         "recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "valid_at": "2026-11-20T02:00:00.000000Z"
                     *       },
                     *       "last_alert": "trunk_unreachable",
                     *       "last_alert_detail": "trunk-1 answers nothing",
                     *       "open": 1,
                     *       "open_lists": 1,
                     *       "pause_reason": "requested",
                     *       "preset": "cn-service",
                     *       "purpose": "service",
                     *       "running": {
                     *         "after": {
                     *           "campaign": "TASK20261120",
                     *           "reached": "completed"
                     *         },
                     *         "recycle": {
                     *           "after_days": 1,
                     *           "dispositions": [
                     *             "answered"
                     *           ],
                     *           "rounds_max": 1
                     *         },
                     *         "share": 1,
                     *         "starts_at": "2026-11-20T02:00:00.000000Z"
                     *       },
                     *       "schedule": {
                     *         "end_time": "09:00",
                     *         "max_concurrent": 1,
                     *         "rests": [
                     *           [
                     *             "09:00",
                     *             "09:00"
                     *           ]
                     *         ],
                     *         "start_time": "09:00"
                     *       },
                     *       "settled": 1,
                     *       "stage": {
                     *         "calls_per_day_max": 1,
                     *         "calls_today": 1,
                     *         "people_admitted": 1,
                     *         "people_max": 1,
                     *         "stage": "full",
                     *         "stage_zh": "测试",
                     *         "waiting": {
                     *           "en": "under test the campaign calls its first 200 people",
                     *           "until": "2026-11-20T02:00:00.000000Z",
                     *           "zh": "测试阶段的 200 条名单已用完,其余等待任务进入试点"
                     *         }
                     *       },
                     *       "start_scheduled": true,
                     *       "status": "running",
                     *       "talk_ms_mean": 0.5,
                     *       "task_id": "TASK20261120",
                     *       "time_zone": "Asia/Shanghai",
                     *       "versions": {
                     *         "answer_ratio": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_call": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_call_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_leg": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_leg_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "conversion_ratio": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "conversion_ratio_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "failure_ratio_per_leg": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "settled_answer_ratio": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "talk_ms_mean": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         }
                     *       },
                     *       "waiting": 1
                     *     }
                     */
                    "application/json": components["schemas"]["CampaignShown"];
                };
            };
        };
    };
    post_campaigns_id_resume: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The same key again is the same command: it is answered, not done twice
                 * @example 2026-11-20-pause-1
                 */
                "Idempotency-Key"?: string;
                /**
                 * @description Only while what is written to has this version (the `etag` of a write); otherwise 412
                 * @example "v3"
                 */
                "If-Match"?: string;
            };
            path: {
                /**
                 * @description A campaign: its task_id
                 * @example TASK20261120
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done, or so already */
            200: {
                headers: {
                    /** @description The version of what was written to */
                    etag?: string;
                    /** @description Where in the log the write stands */
                    "x-event-position"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "alerts": 1,
                     *       "answer_ratio": 0.5,
                     *       "answer_ratio_people": 0.5,
                     *       "answered": 1,
                     *       "basis": "contract",
                     *       "calls_ended": 1,
                     *       "conversion_ratio": 0.5,
                     *       "conversion_ratio_people": 0.5,
                     *       "customer_segment": "due-in-3-days",
                     *       "dialed": 1,
                     *       "duplicates": "by_number",
                     *       "ends_at": "2026-11-20T02:00:00.000000Z",
                     *       "enrolled": 1,
                     *       "flow": {
                     *         "content_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *         "flow": "TASK20261120",
                     *         "version": 1
                     *       },
                     *       "id": "TASK20261120",
                     *       "known": {
                     *         "as_of": "42",
                     *         "copied_position": "42",
                     *         "events": 1,
                     *         "kept": true,
                     *         "label_en": "in English",
                     *         "label_zh": "中文",
                     *         "last_position": "42",
                     *         "last_recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "ms": 1,
                     *         "position": "42",
                     *         "recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "valid_at": "2026-11-20T02:00:00.000000Z"
                     *       },
                     *       "last_alert": "trunk_unreachable",
                     *       "last_alert_detail": "trunk-1 answers nothing",
                     *       "open": 1,
                     *       "open_lists": 1,
                     *       "pause_reason": "requested",
                     *       "preset": "cn-service",
                     *       "purpose": "service",
                     *       "running": {
                     *         "after": {
                     *           "campaign": "TASK20261120",
                     *           "reached": "completed"
                     *         },
                     *         "recycle": {
                     *           "after_days": 1,
                     *           "dispositions": [
                     *             "answered"
                     *           ],
                     *           "rounds_max": 1
                     *         },
                     *         "share": 1,
                     *         "starts_at": "2026-11-20T02:00:00.000000Z"
                     *       },
                     *       "schedule": {
                     *         "end_time": "09:00",
                     *         "max_concurrent": 1,
                     *         "rests": [
                     *           [
                     *             "09:00",
                     *             "09:00"
                     *           ]
                     *         ],
                     *         "start_time": "09:00"
                     *       },
                     *       "settled": 1,
                     *       "stage": {
                     *         "calls_per_day_max": 1,
                     *         "calls_today": 1,
                     *         "people_admitted": 1,
                     *         "people_max": 1,
                     *         "stage": "full",
                     *         "stage_zh": "测试",
                     *         "waiting": {
                     *           "en": "under test the campaign calls its first 200 people",
                     *           "until": "2026-11-20T02:00:00.000000Z",
                     *           "zh": "测试阶段的 200 条名单已用完,其余等待任务进入试点"
                     *         }
                     *       },
                     *       "start_scheduled": true,
                     *       "status": "running",
                     *       "talk_ms_mean": 0.5,
                     *       "task_id": "TASK20261120",
                     *       "time_zone": "Asia/Shanghai",
                     *       "versions": {
                     *         "answer_ratio": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_call": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_call_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_leg": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_leg_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "conversion_ratio": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "conversion_ratio_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "failure_ratio_per_leg": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "settled_answer_ratio": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "talk_ms_mean": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         }
                     *       },
                     *       "waiting": 1
                     *     }
                     */
                    "application/json": components["schemas"]["CampaignShown"];
                };
            };
        };
    };
    post_campaigns_id_stop: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The same key again is the same command: it is answered, not done twice
                 * @example 2026-11-20-pause-1
                 */
                "Idempotency-Key"?: string;
                /**
                 * @description Only while what is written to has this version (the `etag` of a write); otherwise 412
                 * @example "v3"
                 */
                "If-Match"?: string;
            };
            path: {
                /**
                 * @description A campaign: its task_id
                 * @example TASK20261120
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reason": "asked for by telephone"
                 *     }
                 */
                "application/json": components["schemas"]["Reason"];
            };
        };
        responses: {
            /** @description Done, or so already */
            200: {
                headers: {
                    /** @description The version of what was written to */
                    etag?: string;
                    /** @description Where in the log the write stands */
                    "x-event-position"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "alerts": 1,
                     *       "answer_ratio": 0.5,
                     *       "answer_ratio_people": 0.5,
                     *       "answered": 1,
                     *       "basis": "contract",
                     *       "calls_ended": 1,
                     *       "conversion_ratio": 0.5,
                     *       "conversion_ratio_people": 0.5,
                     *       "customer_segment": "due-in-3-days",
                     *       "dialed": 1,
                     *       "duplicates": "by_number",
                     *       "ends_at": "2026-11-20T02:00:00.000000Z",
                     *       "enrolled": 1,
                     *       "flow": {
                     *         "content_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                     *         "flow": "TASK20261120",
                     *         "version": 1
                     *       },
                     *       "id": "TASK20261120",
                     *       "known": {
                     *         "as_of": "42",
                     *         "copied_position": "42",
                     *         "events": 1,
                     *         "kept": true,
                     *         "label_en": "in English",
                     *         "label_zh": "中文",
                     *         "last_position": "42",
                     *         "last_recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "ms": 1,
                     *         "position": "42",
                     *         "recorded_at": "2026-11-20T02:00:00.000000Z",
                     *         "valid_at": "2026-11-20T02:00:00.000000Z"
                     *       },
                     *       "last_alert": "trunk_unreachable",
                     *       "last_alert_detail": "trunk-1 answers nothing",
                     *       "open": 1,
                     *       "open_lists": 1,
                     *       "pause_reason": "requested",
                     *       "preset": "cn-service",
                     *       "purpose": "service",
                     *       "running": {
                     *         "after": {
                     *           "campaign": "TASK20261120",
                     *           "reached": "completed"
                     *         },
                     *         "recycle": {
                     *           "after_days": 1,
                     *           "dispositions": [
                     *             "answered"
                     *           ],
                     *           "rounds_max": 1
                     *         },
                     *         "share": 1,
                     *         "starts_at": "2026-11-20T02:00:00.000000Z"
                     *       },
                     *       "schedule": {
                     *         "end_time": "09:00",
                     *         "max_concurrent": 1,
                     *         "rests": [
                     *           [
                     *             "09:00",
                     *             "09:00"
                     *           ]
                     *         ],
                     *         "start_time": "09:00"
                     *       },
                     *       "settled": 1,
                     *       "stage": {
                     *         "calls_per_day_max": 1,
                     *         "calls_today": 1,
                     *         "people_admitted": 1,
                     *         "people_max": 1,
                     *         "stage": "full",
                     *         "stage_zh": "测试",
                     *         "waiting": {
                     *           "en": "under test the campaign calls its first 200 people",
                     *           "until": "2026-11-20T02:00:00.000000Z",
                     *           "zh": "测试阶段的 200 条名单已用完,其余等待任务进入试点"
                     *         }
                     *       },
                     *       "start_scheduled": true,
                     *       "status": "running",
                     *       "talk_ms_mean": 0.5,
                     *       "task_id": "TASK20261120",
                     *       "time_zone": "Asia/Shanghai",
                     *       "versions": {
                     *         "answer_ratio": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_call": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_call_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_leg": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "answer_ratio_per_leg_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "conversion_ratio": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "conversion_ratio_people": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "failure_ratio_per_leg": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "settled_answer_ratio": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         },
                     *         "talk_ms_mean": {
                     *           "label": {
                     *             "en": "in English",
                     *             "zh": "中文"
                     *           },
                     *           "metric": "answer_ratio_per_call",
                     *           "version": 1
                     *         }
                     *       },
                     *       "waiting": 1
                     *     }
                     */
                    "application/json": components["schemas"]["CampaignShown"];
                };
            };
        };
    };
    post_sign_out: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The same key again is the same command: it is answered, not done twice
                 * @example 2026-11-20-pause-1
                 */
                "Idempotency-Key"?: string;
                /**
                 * @description Only while what is written to has this version (the `etag` of a write); otherwise 412
                 * @example "v3"
                 */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Signed out, or was so already */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "provider_sign_out": "https://login.example.com/session/end?client_id=ledgerline",
                     *       "signed_out": true
                     *     }
                     */
                    "application/json": components["schemas"]["SignedOut"];
                };
            };
        };
    };
    post_stop_lift: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description The same key again is the same command: it is answered, not done twice
                 * @example 2026-11-20-pause-1
                 */
                "Idempotency-Key"?: string;
                /**
                 * @description Only while what is written to has this version (the `etag` of a write); otherwise 412
                 * @example "v3"
                 */
                "If-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reason": "the flow is put right",
                 *       "stop": "all"
                 *     }
                 */
                "application/json": components["schemas"]["StopLift"];
            };
        };
        responses: {
            /** @description Done, or so already */
            200: {
                headers: {
                    /** @description The version of what was written to */
                    etag?: string;
                    /** @description Where in the log the write stands */
                    "x-event-position"?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "engaged": true,
                     *       "hang_up": true,
                     *       "id": "TASK20261120",
                     *       "position": "42",
                     *       "scope": "all",
                     *       "since": "2026-11-20T02:00:00.000000Z",
                     *       "stop": "campaign.TASK20261120"
                     *     }
                     */
                    "application/json": components["schemas"]["StopChanged"];
                };
            };
        };
    };
}
