--
-- PostgreSQL database dump
--

\restrict PsRimozWpyZ2BbMBdsBWF0IhslJgrXQtFqnaLxafueIQ4LNAzShbAOeo4SQ6VMh

-- Dumped from database version 16.14
-- Dumped by pg_dump version 16.14

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: agent_sessions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.agent_sessions (
    id bigint NOT NULL,
    device_id bigint NOT NULL,
    token_id bigint NOT NULL,
    agent_version character varying(200) NOT NULL,
    protocol_version integer NOT NULL,
    opened_us bigint NOT NULL,
    seen_us bigint NOT NULL,
    closed_us bigint
);


--
-- Name: agent_sessions_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.agent_sessions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: agent_sessions_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.agent_sessions_id_seq OWNED BY public.agent_sessions.id;


--
-- Name: alembic_version; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);


--
-- Name: artifact_usage; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.artifact_usage (
    project_id bigint NOT NULL,
    size_bytes bigint NOT NULL
);


--
-- Name: artifacts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.artifacts (
    id bigint NOT NULL,
    sha256 bytea NOT NULL,
    size_bytes bigint NOT NULL,
    format character varying(16) NOT NULL,
    state character varying(16) NOT NULL,
    created_us bigint NOT NULL,
    touched_us bigint NOT NULL,
    features text,
    refused text
);


--
-- Name: artifacts_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.artifacts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: artifacts_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.artifacts_id_seq OWNED BY public.artifacts.id;


--
-- Name: attempts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.attempts (
    id bigint NOT NULL,
    job_id bigint NOT NULL,
    session_id bigint NOT NULL,
    device_id bigint NOT NULL,
    revision_id bigint NOT NULL,
    claim_id bytea NOT NULL,
    number integer NOT NULL,
    state character varying(16) NOT NULL,
    started_us bigint NOT NULL,
    expires_us bigint NOT NULL,
    ended_us bigint,
    charged character varying(8),
    failure text
);


--
-- Name: attempts_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.attempts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: attempts_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.attempts_id_seq OWNED BY public.attempts.id;


--
-- Name: audit; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.audit (
    id bigint NOT NULL,
    at_us bigint NOT NULL,
    token_id bigint,
    device_id bigint,
    action character varying(64) NOT NULL,
    detail text NOT NULL
);


--
-- Name: audit_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: audit_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.audit_id_seq OWNED BY public.audit.id;


--
-- Name: device_targets; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.device_targets (
    device_id bigint NOT NULL,
    target_id bigint NOT NULL,
    revision_id bigint NOT NULL,
    session_id bigint NOT NULL,
    approved_us bigint
);


--
-- Name: devices; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.devices (
    id bigint NOT NULL,
    slug character varying(160) NOT NULL,
    name character varying(200) NOT NULL,
    description text NOT NULL,
    health character varying(16) NOT NULL,
    health_reason text NOT NULL,
    strikes integer NOT NULL,
    created_us bigint NOT NULL
);


--
-- Name: devices_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.devices_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: devices_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.devices_id_seq OWNED BY public.devices.id;


--
-- Name: idempotency_keys; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.idempotency_keys (
    token_id bigint NOT NULL,
    key character varying(200) NOT NULL,
    message_digest bytea NOT NULL,
    first_request_id bigint NOT NULL,
    requests integer NOT NULL,
    created_us bigint NOT NULL
);


--
-- Name: installation; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.installation (
    id integer NOT NULL,
    epoch integer NOT NULL,
    created_us bigint NOT NULL,
    CONSTRAINT ck_installation_one_row CHECK ((id = 1))
);


--
-- Name: interned; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.interned (
    id bigint NOT NULL,
    digest bytea NOT NULL,
    content bytea NOT NULL
);


--
-- Name: interned_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.interned_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: interned_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.interned_id_seq OWNED BY public.interned.id;


--
-- Name: jobs; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.jobs (
    id bigint NOT NULL,
    project_id bigint NOT NULL,
    artifact_id bigint NOT NULL,
    target_id bigint NOT NULL,
    spec_id bigint NOT NULL,
    state character varying(16) NOT NULL,
    priority integer NOT NULL,
    wanted integer NOT NULL,
    attempts integer NOT NULL,
    tries integer NOT NULL,
    not_before_us bigint NOT NULL,
    deadline_us bigint,
    created_us bigint NOT NULL,
    ended_us bigint,
    failure text
);


--
-- Name: jobs_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.jobs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: jobs_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.jobs_id_seq OWNED BY public.jobs.id;


--
-- Name: measurement_layers; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.measurement_layers (
    measurement_id bigint NOT NULL,
    content bytea NOT NULL
);


--
-- Name: measurement_quantiles; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.measurement_quantiles (
    measurement_id bigint NOT NULL,
    content bytea NOT NULL
);


--
-- Name: measurement_samples; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.measurement_samples (
    measurement_id bigint NOT NULL,
    created_us bigint NOT NULL,
    content bytea NOT NULL
)
PARTITION BY RANGE (created_us);


--
-- Name: measurement_samples_2026_11; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.measurement_samples_2026_11 (
    measurement_id bigint NOT NULL,
    created_us bigint NOT NULL,
    content bytea NOT NULL
);


--
-- Name: measurement_samples_2026_12; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.measurement_samples_2026_12 (
    measurement_id bigint NOT NULL,
    created_us bigint NOT NULL,
    content bytea NOT NULL
);


--
-- Name: measurement_samples_2027_01; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.measurement_samples_2027_01 (
    measurement_id bigint NOT NULL,
    created_us bigint NOT NULL,
    content bytea NOT NULL
);


--
-- Name: measurement_samples_default; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.measurement_samples_default (
    measurement_id bigint NOT NULL,
    created_us bigint NOT NULL,
    content bytea NOT NULL
);


--
-- Name: measurements; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.measurements (
    id bigint NOT NULL,
    job_id bigint NOT NULL,
    attempt_id bigint NOT NULL,
    artifact_id bigint NOT NULL,
    created_us bigint NOT NULL,
    latency_ms double precision,
    low_ms double precision,
    high_ms double precision,
    target_id integer NOT NULL,
    revision_id integer NOT NULL,
    spec_id integer NOT NULL,
    device_id integer NOT NULL,
    context_id integer NOT NULL,
    batch_id integer NOT NULL,
    accepted boolean NOT NULL,
    valid boolean NOT NULL,
    failure_kind character varying(32) NOT NULL,
    detail bytea NOT NULL
);


--
-- Name: measurements_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.measurements_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: measurements_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.measurements_id_seq OWNED BY public.measurements.id;


--
-- Name: project_artifacts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.project_artifacts (
    id bigint NOT NULL,
    project_id bigint NOT NULL,
    artifact_id bigint NOT NULL,
    name character varying(200) NOT NULL,
    created_us bigint NOT NULL
);


--
-- Name: project_artifacts_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.project_artifacts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: project_artifacts_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.project_artifacts_id_seq OWNED BY public.project_artifacts.id;


--
-- Name: projects; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.projects (
    id bigint NOT NULL,
    slug character varying(160) NOT NULL,
    private boolean NOT NULL,
    created_us bigint NOT NULL
);


--
-- Name: projects_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.projects_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: projects_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.projects_id_seq OWNED BY public.projects.id;


--
-- Name: requests; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.requests (
    id bigint NOT NULL,
    project_id bigint NOT NULL,
    token_id bigint NOT NULL,
    job_id bigint,
    measurement_id bigint,
    artifact_id bigint NOT NULL,
    target_id bigint NOT NULL,
    spec_id bigint NOT NULL,
    label character varying(200),
    created_us bigint NOT NULL,
    cancelled_us bigint
);


--
-- Name: requests_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.requests_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: requests_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.requests_id_seq OWNED BY public.requests.id;


--
-- Name: specs; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.specs (
    id bigint NOT NULL,
    digest bytea NOT NULL,
    document text NOT NULL,
    protocol character varying(200) NOT NULL,
    protocol_digest bytea NOT NULL
);


--
-- Name: specs_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.specs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: specs_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.specs_id_seq OWNED BY public.specs.id;


--
-- Name: target_revisions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.target_revisions (
    id bigint NOT NULL,
    target_id bigint NOT NULL,
    number integer NOT NULL,
    fingerprint_digest bytea NOT NULL,
    fingerprint text NOT NULL,
    created_us bigint NOT NULL
);


--
-- Name: target_revisions_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.target_revisions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: target_revisions_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.target_revisions_id_seq OWNED BY public.target_revisions.id;


--
-- Name: targets; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.targets (
    id bigint NOT NULL,
    slug character varying(160) NOT NULL,
    document text NOT NULL,
    formats character varying(64) NOT NULL,
    created_us bigint NOT NULL
);


--
-- Name: targets_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.targets_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: targets_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.targets_id_seq OWNED BY public.targets.id;


--
-- Name: tokens; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.tokens (
    id bigint NOT NULL,
    digest bytea NOT NULL,
    name character varying(200) NOT NULL,
    role character varying(16) NOT NULL,
    project_id bigint,
    device_id bigint,
    device_slug character varying(160),
    created_us bigint NOT NULL,
    expires_us bigint,
    revoked_us bigint,
    last_used_us bigint
);


--
-- Name: tokens_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.tokens_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: tokens_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.tokens_id_seq OWNED BY public.tokens.id;


--
-- Name: measurement_samples_2026_11; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.measurement_samples ATTACH PARTITION public.measurement_samples_2026_11 FOR VALUES FROM ('1793491200000000') TO ('1796083200000000');


--
-- Name: measurement_samples_2026_12; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.measurement_samples ATTACH PARTITION public.measurement_samples_2026_12 FOR VALUES FROM ('1796083200000000') TO ('1798761600000000');


--
-- Name: measurement_samples_2027_01; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.measurement_samples ATTACH PARTITION public.measurement_samples_2027_01 FOR VALUES FROM ('1798761600000000') TO ('1801440000000000');


--
-- Name: measurement_samples_default; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.measurement_samples ATTACH PARTITION public.measurement_samples_default DEFAULT;


--
-- Name: agent_sessions id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agent_sessions ALTER COLUMN id SET DEFAULT nextval('public.agent_sessions_id_seq'::regclass);


--
-- Name: artifacts id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.artifacts ALTER COLUMN id SET DEFAULT nextval('public.artifacts_id_seq'::regclass);


--
-- Name: attempts id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.attempts ALTER COLUMN id SET DEFAULT nextval('public.attempts_id_seq'::regclass);


--
-- Name: audit id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit ALTER COLUMN id SET DEFAULT nextval('public.audit_id_seq'::regclass);


--
-- Name: devices id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.devices ALTER COLUMN id SET DEFAULT nextval('public.devices_id_seq'::regclass);


--
-- Name: interned id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.interned ALTER COLUMN id SET DEFAULT nextval('public.interned_id_seq'::regclass);


--
-- Name: jobs id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.jobs ALTER COLUMN id SET DEFAULT nextval('public.jobs_id_seq'::regclass);


--
-- Name: measurements id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.measurements ALTER COLUMN id SET DEFAULT nextval('public.measurements_id_seq'::regclass);


--
-- Name: project_artifacts id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.project_artifacts ALTER COLUMN id SET DEFAULT nextval('public.project_artifacts_id_seq'::regclass);


--
-- Name: projects id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.projects ALTER COLUMN id SET DEFAULT nextval('public.projects_id_seq'::regclass);


--
-- Name: requests id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.requests ALTER COLUMN id SET DEFAULT nextval('public.requests_id_seq'::regclass);


--
-- Name: specs id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.specs ALTER COLUMN id SET DEFAULT nextval('public.specs_id_seq'::regclass);


--
-- Name: target_revisions id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.target_revisions ALTER COLUMN id SET DEFAULT nextval('public.target_revisions_id_seq'::regclass);


--
-- Name: targets id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.targets ALTER COLUMN id SET DEFAULT nextval('public.targets_id_seq'::regclass);


--
-- Name: tokens id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tokens ALTER COLUMN id SET DEFAULT nextval('public.tokens_id_seq'::regclass);


--
-- Data for Name: agent_sessions; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.agent_sessions VALUES (1, 1, 1, 'agent_version 1', 1, 1790000000000001, 1790000000000001, 1790000000000001);
INSERT INTO public.agent_sessions VALUES (2, 2, 2, 'agent_version 2', 2, 1790000000000002, 1790000000000002, 1790000000000002);
INSERT INTO public.agent_sessions VALUES (3, 3, 3, 'agent_version 3', 3, 1790000000000003, 1790000000000003, 1790000000000003);


--
-- Data for Name: alembic_version; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.alembic_version VALUES ('0001');


--
-- Data for Name: artifact_usage; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.artifact_usage VALUES (1, 1);
INSERT INTO public.artifact_usage VALUES (2, 2);
INSERT INTO public.artifact_usage VALUES (3, 3);


--
-- Data for Name: artifacts; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.artifacts VALUES (1, '\x0101010101010101010101010101010101010101010101010101010101010101', 1, 'format 1', 'state 1', 1790000000000001, 1790000000000001, 'features 1', 'refused 1');
INSERT INTO public.artifacts VALUES (2, '\x0202020202020202020202020202020202020202020202020202020202020202', 2, 'format 2', 'state 2', 1790000000000002, 1790000000000002, 'features 2', 'refused 2');
INSERT INTO public.artifacts VALUES (3, '\x0303030303030303030303030303030303030303030303030303030303030303', 3, 'format 3', 'state 3', 1790000000000003, 1790000000000003, 'features 3', 'refused 3');


--
-- Data for Name: attempts; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.attempts VALUES (1, 1, 1, 1, 1, '\x01010101010101010101010101010101', 1, 'state 1', 1790000000000001, 1790000000000001, 1790000000000001, 'harged 1', 'failure 1');
INSERT INTO public.attempts VALUES (2, 2, 2, 2, 2, '\x02020202020202020202020202020202', 2, 'state 2', 1790000000000002, 1790000000000002, 1790000000000002, 'harged 2', 'failure 2');
INSERT INTO public.attempts VALUES (3, 3, 3, 3, 3, '\x03030303030303030303030303030303', 3, 'state 3', 1790000000000003, 1790000000000003, 1790000000000003, 'harged 3', 'failure 3');


--
-- Data for Name: audit; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.audit VALUES (1, 1790000000000001, 1, 1, 'action 1', 'detail 1');
INSERT INTO public.audit VALUES (2, 1790000000000002, 2, 2, 'action 2', 'detail 2');
INSERT INTO public.audit VALUES (3, 1790000000000003, 3, 3, 'action 3', 'detail 3');


--
-- Data for Name: device_targets; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.device_targets VALUES (1, 1, 1, 1, 1790000000000001);
INSERT INTO public.device_targets VALUES (2, 2, 2, 2, 1790000000000002);
INSERT INTO public.device_targets VALUES (3, 3, 3, 3, 1790000000000003);


--
-- Data for Name: devices; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.devices VALUES (1, 'slug 1', 'name 1', 'description 1', 'health 1', 'health_reason 1', 1, 1790000000000001);
INSERT INTO public.devices VALUES (2, 'slug 2', 'name 2', 'description 2', 'health 2', 'health_reason 2', 2, 1790000000000002);
INSERT INTO public.devices VALUES (3, 'slug 3', 'name 3', 'description 3', 'health 3', 'health_reason 3', 3, 1790000000000003);


--
-- Data for Name: idempotency_keys; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.idempotency_keys VALUES (1, 'key 1', '\x0101010101010101010101010101010101010101010101010101010101010101', 1, 1, 1790000000000001);
INSERT INTO public.idempotency_keys VALUES (2, 'key 2', '\x0202020202020202020202020202020202020202020202020202020202020202', 2, 2, 1790000000000002);
INSERT INTO public.idempotency_keys VALUES (3, 'key 3', '\x0303030303030303030303030303030303030303030303030303030303030303', 3, 3, 1790000000000003);


--
-- Data for Name: installation; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.installation VALUES (1, 1, 1795258843582014);


--
-- Data for Name: interned; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.interned VALUES (1, '\x0101010101010101010101010101010101010101010101010101010101010101', '\x01010101010101010101010101010101010101010101010101010101010101010101010101010101');
INSERT INTO public.interned VALUES (2, '\x0202020202020202020202020202020202020202020202020202020202020202', '\x02020202020202020202020202020202020202020202020202020202020202020202020202020202');
INSERT INTO public.interned VALUES (3, '\x0303030303030303030303030303030303030303030303030303030303030303', '\x03030303030303030303030303030303030303030303030303030303030303030303030303030303');


--
-- Data for Name: jobs; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.jobs VALUES (1, 1, 1, 1, 1, 'state 1', 1, 1, 1, 1, 1790000000000001, 1790000000000001, 1790000000000001, 1790000000000001, 'failure 1');
INSERT INTO public.jobs VALUES (2, 2, 2, 2, 2, 'state 2', 2, 2, 2, 2, 1790000000000002, 1790000000000002, 1790000000000002, 1790000000000002, 'failure 2');
INSERT INTO public.jobs VALUES (3, 3, 3, 3, 3, 'state 3', 3, 3, 3, 3, 1790000000000003, 1790000000000003, 1790000000000003, 1790000000000003, 'failure 3');


--
-- Data for Name: measurement_layers; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.measurement_layers VALUES (1, '\x01010101010101010101010101010101010101010101010101010101010101010101010101010101');
INSERT INTO public.measurement_layers VALUES (2, '\x02020202020202020202020202020202020202020202020202020202020202020202020202020202');
INSERT INTO public.measurement_layers VALUES (3, '\x03030303030303030303030303030303030303030303030303030303030303030303030303030303');


--
-- Data for Name: measurement_quantiles; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.measurement_quantiles VALUES (1, '\x01010101010101010101010101010101010101010101010101010101010101010101010101010101');
INSERT INTO public.measurement_quantiles VALUES (2, '\x02020202020202020202020202020202020202020202020202020202020202020202020202020202');
INSERT INTO public.measurement_quantiles VALUES (3, '\x03030303030303030303030303030303030303030303030303030303030303030303030303030303');


--
-- Data for Name: measurement_samples_2026_11; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: measurement_samples_2026_12; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: measurement_samples_2027_01; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: measurement_samples_default; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.measurement_samples_default VALUES (1, 1790000000000001, '\x01010101010101010101010101010101010101010101010101010101010101010101010101010101');
INSERT INTO public.measurement_samples_default VALUES (2, 1790000000000002, '\x02020202020202020202020202020202020202020202020202020202020202020202020202020202');
INSERT INTO public.measurement_samples_default VALUES (3, 1790000000000003, '\x03030303030303030303030303030303030303030303030303030303030303030303030303030303');


--
-- Data for Name: measurements; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.measurements VALUES (1, 1, 1, 1, 1790000000000001, 0.5, 0.5, 0.5, 1, 1, 1, 1, 1, 1, true, true, 'failure_kind 1', '\x01010101010101010101010101010101010101010101010101010101010101010101010101010101');
INSERT INTO public.measurements VALUES (2, 2, 2, 2, 1790000000000002, 1, 1, 1, 2, 2, 2, 2, 2, 2, true, true, 'failure_kind 2', '\x02020202020202020202020202020202020202020202020202020202020202020202020202020202');
INSERT INTO public.measurements VALUES (3, 3, 3, 3, 1790000000000003, 1.5, 1.5, 1.5, 3, 3, 3, 3, 3, 3, true, true, 'failure_kind 3', '\x03030303030303030303030303030303030303030303030303030303030303030303030303030303');


--
-- Data for Name: project_artifacts; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.project_artifacts VALUES (1, 1, 1, 'name 1', 1790000000000001);
INSERT INTO public.project_artifacts VALUES (2, 2, 2, 'name 2', 1790000000000002);
INSERT INTO public.project_artifacts VALUES (3, 3, 3, 'name 3', 1790000000000003);


--
-- Data for Name: projects; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.projects VALUES (1, 'slug 1', true, 1790000000000001);
INSERT INTO public.projects VALUES (2, 'slug 2', true, 1790000000000002);
INSERT INTO public.projects VALUES (3, 'slug 3', true, 1790000000000003);


--
-- Data for Name: requests; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.requests VALUES (1, 1, 1, 1, 1, 1, 1, 1, 'label 1', 1790000000000001, 1790000000000001);
INSERT INTO public.requests VALUES (2, 2, 2, 2, 2, 2, 2, 2, 'label 2', 1790000000000002, 1790000000000002);
INSERT INTO public.requests VALUES (3, 3, 3, 3, 3, 3, 3, 3, 'label 3', 1790000000000003, 1790000000000003);


--
-- Data for Name: specs; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.specs VALUES (1, '\x0101010101010101010101010101010101010101010101010101010101010101', 'document 1', 'protocol 1', '\x0101010101010101010101010101010101010101010101010101010101010101');
INSERT INTO public.specs VALUES (2, '\x0202020202020202020202020202020202020202020202020202020202020202', 'document 2', 'protocol 2', '\x0202020202020202020202020202020202020202020202020202020202020202');
INSERT INTO public.specs VALUES (3, '\x0303030303030303030303030303030303030303030303030303030303030303', 'document 3', 'protocol 3', '\x0303030303030303030303030303030303030303030303030303030303030303');


--
-- Data for Name: target_revisions; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.target_revisions VALUES (1, 1, 1, '\x0101010101010101010101010101010101010101010101010101010101010101', 'fingerprint 1', 1790000000000001);
INSERT INTO public.target_revisions VALUES (2, 2, 2, '\x0202020202020202020202020202020202020202020202020202020202020202', 'fingerprint 2', 1790000000000002);
INSERT INTO public.target_revisions VALUES (3, 3, 3, '\x0303030303030303030303030303030303030303030303030303030303030303', 'fingerprint 3', 1790000000000003);


--
-- Data for Name: targets; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.targets VALUES (1, 'slug 1', 'document 1', 'formats 1', 1790000000000001);
INSERT INTO public.targets VALUES (2, 'slug 2', 'document 2', 'formats 2', 1790000000000002);
INSERT INTO public.targets VALUES (3, 'slug 3', 'document 3', 'formats 3', 1790000000000003);


--
-- Data for Name: tokens; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.tokens VALUES (1, '\x0101010101010101010101010101010101010101010101010101010101010101', 'name 1', 'role 1', 1, 1, 'device_slug 1', 1790000000000001, 1790000000000001, 1790000000000001, 1790000000000001);
INSERT INTO public.tokens VALUES (2, '\x0202020202020202020202020202020202020202020202020202020202020202', 'name 2', 'role 2', 2, 2, 'device_slug 2', 1790000000000002, 1790000000000002, 1790000000000002, 1790000000000002);
INSERT INTO public.tokens VALUES (3, '\x0303030303030303030303030303030303030303030303030303030303030303', 'name 3', 'role 3', 3, 3, 'device_slug 3', 1790000000000003, 1790000000000003, 1790000000000003, 1790000000000003);


--
-- Name: agent_sessions_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.agent_sessions_id_seq', 3, true);


--
-- Name: artifacts_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.artifacts_id_seq', 3, true);


--
-- Name: attempts_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.attempts_id_seq', 3, true);


--
-- Name: audit_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.audit_id_seq', 3, true);


--
-- Name: devices_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.devices_id_seq', 3, true);


--
-- Name: interned_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.interned_id_seq', 3, true);


--
-- Name: jobs_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.jobs_id_seq', 3, true);


--
-- Name: measurements_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.measurements_id_seq', 3, true);


--
-- Name: project_artifacts_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.project_artifacts_id_seq', 3, true);


--
-- Name: projects_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.projects_id_seq', 3, true);


--
-- Name: requests_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.requests_id_seq', 3, true);


--
-- Name: specs_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.specs_id_seq', 3, true);


--
-- Name: target_revisions_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.target_revisions_id_seq', 3, true);


--
-- Name: targets_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.targets_id_seq', 3, true);


--
-- Name: tokens_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.tokens_id_seq', 3, true);


--
-- Name: alembic_version alembic_version_pkc; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);


--
-- Name: measurement_samples pk_measurement_samples; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.measurement_samples
    ADD CONSTRAINT pk_measurement_samples PRIMARY KEY (measurement_id, created_us);


--
-- Name: measurement_samples_2026_11 measurement_samples_2026_11_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.measurement_samples_2026_11
    ADD CONSTRAINT measurement_samples_2026_11_pkey PRIMARY KEY (measurement_id, created_us);


--
-- Name: measurement_samples_2026_12 measurement_samples_2026_12_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.measurement_samples_2026_12
    ADD CONSTRAINT measurement_samples_2026_12_pkey PRIMARY KEY (measurement_id, created_us);


--
-- Name: measurement_samples_2027_01 measurement_samples_2027_01_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.measurement_samples_2027_01
    ADD CONSTRAINT measurement_samples_2027_01_pkey PRIMARY KEY (measurement_id, created_us);


--
-- Name: measurement_samples_default measurement_samples_default_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.measurement_samples_default
    ADD CONSTRAINT measurement_samples_default_pkey PRIMARY KEY (measurement_id, created_us);


--
-- Name: agent_sessions pk_agent_sessions; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agent_sessions
    ADD CONSTRAINT pk_agent_sessions PRIMARY KEY (id);


--
-- Name: artifact_usage pk_artifact_usage; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.artifact_usage
    ADD CONSTRAINT pk_artifact_usage PRIMARY KEY (project_id);


--
-- Name: artifacts pk_artifacts; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.artifacts
    ADD CONSTRAINT pk_artifacts PRIMARY KEY (id);


--
-- Name: attempts pk_attempts; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT pk_attempts PRIMARY KEY (id);


--
-- Name: audit pk_audit; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT pk_audit PRIMARY KEY (id);


--
-- Name: device_targets pk_device_targets; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.device_targets
    ADD CONSTRAINT pk_device_targets PRIMARY KEY (device_id, target_id);


--
-- Name: devices pk_devices; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.devices
    ADD CONSTRAINT pk_devices PRIMARY KEY (id);


--
-- Name: idempotency_keys pk_idempotency_keys; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT pk_idempotency_keys PRIMARY KEY (token_id, key);


--
-- Name: installation pk_installation; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.installation
    ADD CONSTRAINT pk_installation PRIMARY KEY (id);


--
-- Name: interned pk_interned; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.interned
    ADD CONSTRAINT pk_interned PRIMARY KEY (id);


--
-- Name: jobs pk_jobs; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT pk_jobs PRIMARY KEY (id);


--
-- Name: measurement_layers pk_measurement_layers; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.measurement_layers
    ADD CONSTRAINT pk_measurement_layers PRIMARY KEY (measurement_id);


--
-- Name: measurement_quantiles pk_measurement_quantiles; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.measurement_quantiles
    ADD CONSTRAINT pk_measurement_quantiles PRIMARY KEY (measurement_id);


--
-- Name: measurements pk_measurements; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.measurements
    ADD CONSTRAINT pk_measurements PRIMARY KEY (id);


--
-- Name: project_artifacts pk_project_artifacts; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.project_artifacts
    ADD CONSTRAINT pk_project_artifacts PRIMARY KEY (id);


--
-- Name: projects pk_projects; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.projects
    ADD CONSTRAINT pk_projects PRIMARY KEY (id);


--
-- Name: requests pk_requests; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.requests
    ADD CONSTRAINT pk_requests PRIMARY KEY (id);


--
-- Name: specs pk_specs; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.specs
    ADD CONSTRAINT pk_specs PRIMARY KEY (id);


--
-- Name: target_revisions pk_target_revisions; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.target_revisions
    ADD CONSTRAINT pk_target_revisions PRIMARY KEY (id);


--
-- Name: targets pk_targets; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.targets
    ADD CONSTRAINT pk_targets PRIMARY KEY (id);


--
-- Name: tokens pk_tokens; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT pk_tokens PRIMARY KEY (id);


--
-- Name: artifacts uq_artifacts_sha256; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.artifacts
    ADD CONSTRAINT uq_artifacts_sha256 UNIQUE (sha256);


--
-- Name: attempts uq_attempts_job_id_number; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT uq_attempts_job_id_number UNIQUE (job_id, number);


--
-- Name: devices uq_devices_slug; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.devices
    ADD CONSTRAINT uq_devices_slug UNIQUE (slug);


--
-- Name: interned uq_interned_digest; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.interned
    ADD CONSTRAINT uq_interned_digest UNIQUE (digest);


--
-- Name: measurements uq_measurements_attempt_id; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.measurements
    ADD CONSTRAINT uq_measurements_attempt_id UNIQUE (attempt_id);


--
-- Name: project_artifacts uq_project_artifacts_project_id_artifact_id; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.project_artifacts
    ADD CONSTRAINT uq_project_artifacts_project_id_artifact_id UNIQUE (project_id, artifact_id);


--
-- Name: projects uq_projects_slug; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.projects
    ADD CONSTRAINT uq_projects_slug UNIQUE (slug);


--
-- Name: specs uq_specs_digest; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.specs
    ADD CONSTRAINT uq_specs_digest UNIQUE (digest);


--
-- Name: target_revisions uq_target_revisions_target_id_fingerprint_digest; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.target_revisions
    ADD CONSTRAINT uq_target_revisions_target_id_fingerprint_digest UNIQUE (target_id, fingerprint_digest);


--
-- Name: target_revisions uq_target_revisions_target_id_number; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.target_revisions
    ADD CONSTRAINT uq_target_revisions_target_id_number UNIQUE (target_id, number);


--
-- Name: targets uq_targets_slug; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.targets
    ADD CONSTRAINT uq_targets_slug UNIQUE (slug);


--
-- Name: tokens uq_tokens_digest; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT uq_tokens_digest UNIQUE (digest);


--
-- Name: ix_artifacts_unread; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_artifacts_unread ON public.artifacts USING btree (id) WHERE (((state)::text = 'stored'::text) AND (features IS NULL) AND (refused IS NULL));


--
-- Name: ix_attempts_live_expires_us; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_attempts_live_expires_us ON public.attempts USING btree (expires_us) WHERE ((state)::text = 'live'::text);


--
-- Name: ix_attempts_live_session_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_attempts_live_session_id ON public.attempts USING btree (session_id, claim_id) WHERE ((state)::text = 'live'::text);


--
-- Name: ix_audit_device_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_audit_device_id ON public.audit USING btree (device_id);


--
-- Name: ix_device_targets_target_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_device_targets_target_id ON public.device_targets USING btree (target_id);


--
-- Name: ix_idempotency_keys_created_us; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_idempotency_keys_created_us ON public.idempotency_keys USING btree (created_us);


--
-- Name: ix_jobs_deadline; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_jobs_deadline ON public.jobs USING btree (deadline_us) WHERE ((deadline_us IS NOT NULL) AND ((state)::text = ANY ((ARRAY['pending'::character varying, 'running'::character varying])::text[])));


--
-- Name: ix_jobs_open_project_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_jobs_open_project_id ON public.jobs USING btree (project_id) WHERE ((state)::text = ANY ((ARRAY['pending'::character varying, 'running'::character varying])::text[]));


--
-- Name: ix_jobs_pending; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_jobs_pending ON public.jobs USING btree (target_id, priority DESC, id) WHERE ((state)::text = 'pending'::text);


--
-- Name: ix_measurements_batch_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_measurements_batch_id ON public.measurements USING brin (batch_id);


--
-- Name: ix_measurements_context_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_measurements_context_id ON public.measurements USING brin (context_id);


--
-- Name: ix_measurements_target_id_artifact_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_measurements_target_id_artifact_id ON public.measurements USING btree (target_id, artifact_id);


--
-- Name: ix_project_artifacts_artifact_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_project_artifacts_artifact_id ON public.project_artifacts USING btree (artifact_id);


--
-- Name: ix_project_artifacts_project_id_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_project_artifacts_project_id_id ON public.project_artifacts USING btree (project_id, id);


--
-- Name: ix_requests_job_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_requests_job_id ON public.requests USING btree (job_id);


--
-- Name: ix_requests_project_id_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_requests_project_id_id ON public.requests USING btree (project_id, id);


--
-- Name: ix_tokens_device_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_tokens_device_id ON public.tokens USING btree (device_id) WHERE (device_id IS NOT NULL);


--
-- Name: uq_agent_sessions_live_device_id; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX uq_agent_sessions_live_device_id ON public.agent_sessions USING btree (device_id) WHERE (closed_us IS NULL);


--
-- Name: uq_attempts_live_job_id; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX uq_attempts_live_job_id ON public.attempts USING btree (job_id) WHERE ((state)::text = 'live'::text);


--
-- Name: uq_jobs_open; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX uq_jobs_open ON public.jobs USING btree (artifact_id, target_id, spec_id) WHERE ((state)::text = ANY ((ARRAY['pending'::character varying, 'running'::character varying])::text[]));


--
-- Name: uq_measurements_accepted_job_id; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX uq_measurements_accepted_job_id ON public.measurements USING btree (job_id) WHERE accepted;


--
-- Name: measurement_samples_2026_11_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.pk_measurement_samples ATTACH PARTITION public.measurement_samples_2026_11_pkey;


--
-- Name: measurement_samples_2026_12_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.pk_measurement_samples ATTACH PARTITION public.measurement_samples_2026_12_pkey;


--
-- Name: measurement_samples_2027_01_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.pk_measurement_samples ATTACH PARTITION public.measurement_samples_2027_01_pkey;


--
-- Name: measurement_samples_default_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.pk_measurement_samples ATTACH PARTITION public.measurement_samples_default_pkey;


--
-- Name: agent_sessions fk_agent_sessions_device_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agent_sessions
    ADD CONSTRAINT fk_agent_sessions_device_id FOREIGN KEY (device_id) REFERENCES public.devices(id);


--
-- Name: agent_sessions fk_agent_sessions_token_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.agent_sessions
    ADD CONSTRAINT fk_agent_sessions_token_id FOREIGN KEY (token_id) REFERENCES public.tokens(id);


--
-- Name: artifact_usage fk_artifact_usage_project_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.artifact_usage
    ADD CONSTRAINT fk_artifact_usage_project_id FOREIGN KEY (project_id) REFERENCES public.projects(id);


--
-- Name: attempts fk_attempts_device_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT fk_attempts_device_id FOREIGN KEY (device_id) REFERENCES public.devices(id);


--
-- Name: attempts fk_attempts_job_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT fk_attempts_job_id FOREIGN KEY (job_id) REFERENCES public.jobs(id);


--
-- Name: attempts fk_attempts_revision_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT fk_attempts_revision_id FOREIGN KEY (revision_id) REFERENCES public.target_revisions(id);


--
-- Name: attempts fk_attempts_session_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT fk_attempts_session_id FOREIGN KEY (session_id) REFERENCES public.agent_sessions(id);


--
-- Name: audit fk_audit_device_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT fk_audit_device_id FOREIGN KEY (device_id) REFERENCES public.devices(id);


--
-- Name: audit fk_audit_token_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT fk_audit_token_id FOREIGN KEY (token_id) REFERENCES public.tokens(id);


--
-- Name: device_targets fk_device_targets_device_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.device_targets
    ADD CONSTRAINT fk_device_targets_device_id FOREIGN KEY (device_id) REFERENCES public.devices(id);


--
-- Name: device_targets fk_device_targets_revision_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.device_targets
    ADD CONSTRAINT fk_device_targets_revision_id FOREIGN KEY (revision_id) REFERENCES public.target_revisions(id);


--
-- Name: device_targets fk_device_targets_session_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.device_targets
    ADD CONSTRAINT fk_device_targets_session_id FOREIGN KEY (session_id) REFERENCES public.agent_sessions(id);


--
-- Name: device_targets fk_device_targets_target_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.device_targets
    ADD CONSTRAINT fk_device_targets_target_id FOREIGN KEY (target_id) REFERENCES public.targets(id);


--
-- Name: idempotency_keys fk_idempotency_keys_token_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT fk_idempotency_keys_token_id FOREIGN KEY (token_id) REFERENCES public.tokens(id);


--
-- Name: jobs fk_jobs_artifact_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT fk_jobs_artifact_id FOREIGN KEY (artifact_id) REFERENCES public.artifacts(id);


--
-- Name: jobs fk_jobs_project_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT fk_jobs_project_id FOREIGN KEY (project_id) REFERENCES public.projects(id);


--
-- Name: jobs fk_jobs_spec_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT fk_jobs_spec_id FOREIGN KEY (spec_id) REFERENCES public.specs(id);


--
-- Name: jobs fk_jobs_target_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT fk_jobs_target_id FOREIGN KEY (target_id) REFERENCES public.targets(id);


--
-- Name: measurement_layers fk_measurement_layers_measurement_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.measurement_layers
    ADD CONSTRAINT fk_measurement_layers_measurement_id FOREIGN KEY (measurement_id) REFERENCES public.measurements(id);


--
-- Name: measurement_quantiles fk_measurement_quantiles_measurement_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.measurement_quantiles
    ADD CONSTRAINT fk_measurement_quantiles_measurement_id FOREIGN KEY (measurement_id) REFERENCES public.measurements(id);


--
-- Name: measurements fk_measurements_artifact_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.measurements
    ADD CONSTRAINT fk_measurements_artifact_id FOREIGN KEY (artifact_id) REFERENCES public.artifacts(id);


--
-- Name: measurements fk_measurements_attempt_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.measurements
    ADD CONSTRAINT fk_measurements_attempt_id FOREIGN KEY (attempt_id) REFERENCES public.attempts(id);


--
-- Name: measurements fk_measurements_batch_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.measurements
    ADD CONSTRAINT fk_measurements_batch_id FOREIGN KEY (batch_id) REFERENCES public.interned(id);


--
-- Name: measurements fk_measurements_context_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.measurements
    ADD CONSTRAINT fk_measurements_context_id FOREIGN KEY (context_id) REFERENCES public.interned(id);


--
-- Name: measurements fk_measurements_device_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.measurements
    ADD CONSTRAINT fk_measurements_device_id FOREIGN KEY (device_id) REFERENCES public.devices(id);


--
-- Name: measurements fk_measurements_job_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.measurements
    ADD CONSTRAINT fk_measurements_job_id FOREIGN KEY (job_id) REFERENCES public.jobs(id);


--
-- Name: measurements fk_measurements_revision_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.measurements
    ADD CONSTRAINT fk_measurements_revision_id FOREIGN KEY (revision_id) REFERENCES public.target_revisions(id);


--
-- Name: measurements fk_measurements_spec_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.measurements
    ADD CONSTRAINT fk_measurements_spec_id FOREIGN KEY (spec_id) REFERENCES public.specs(id);


--
-- Name: measurements fk_measurements_target_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.measurements
    ADD CONSTRAINT fk_measurements_target_id FOREIGN KEY (target_id) REFERENCES public.targets(id);


--
-- Name: project_artifacts fk_project_artifacts_artifact_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.project_artifacts
    ADD CONSTRAINT fk_project_artifacts_artifact_id FOREIGN KEY (artifact_id) REFERENCES public.artifacts(id);


--
-- Name: project_artifacts fk_project_artifacts_project_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.project_artifacts
    ADD CONSTRAINT fk_project_artifacts_project_id FOREIGN KEY (project_id) REFERENCES public.projects(id);


--
-- Name: requests fk_requests_artifact_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.requests
    ADD CONSTRAINT fk_requests_artifact_id FOREIGN KEY (artifact_id) REFERENCES public.artifacts(id);


--
-- Name: requests fk_requests_job_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.requests
    ADD CONSTRAINT fk_requests_job_id FOREIGN KEY (job_id) REFERENCES public.jobs(id);


--
-- Name: requests fk_requests_measurement_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.requests
    ADD CONSTRAINT fk_requests_measurement_id FOREIGN KEY (measurement_id) REFERENCES public.measurements(id);


--
-- Name: requests fk_requests_project_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.requests
    ADD CONSTRAINT fk_requests_project_id FOREIGN KEY (project_id) REFERENCES public.projects(id);


--
-- Name: requests fk_requests_spec_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.requests
    ADD CONSTRAINT fk_requests_spec_id FOREIGN KEY (spec_id) REFERENCES public.specs(id);


--
-- Name: requests fk_requests_target_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.requests
    ADD CONSTRAINT fk_requests_target_id FOREIGN KEY (target_id) REFERENCES public.targets(id);


--
-- Name: requests fk_requests_token_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.requests
    ADD CONSTRAINT fk_requests_token_id FOREIGN KEY (token_id) REFERENCES public.tokens(id);


--
-- Name: target_revisions fk_target_revisions_target_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.target_revisions
    ADD CONSTRAINT fk_target_revisions_target_id FOREIGN KEY (target_id) REFERENCES public.targets(id);


--
-- Name: tokens fk_tokens_device_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT fk_tokens_device_id FOREIGN KEY (device_id) REFERENCES public.devices(id);


--
-- Name: tokens fk_tokens_project_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT fk_tokens_project_id FOREIGN KEY (project_id) REFERENCES public.projects(id);


--
-- PostgreSQL database dump complete
--

\unrestrict PsRimozWpyZ2BbMBdsBWF0IhslJgrXQtFqnaLxafueIQ4LNAzShbAOeo4SQ6VMh

