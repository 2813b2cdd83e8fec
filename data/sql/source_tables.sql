-- The agent platform's tables, made only in a database of our own.

CREATE TABLE public.users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email text NOT NULL,
    name text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX users_email ON public.users (lower(email));

CREATE TABLE public.projects (
    project_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL,
    description text,
    account_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE public.threads (
    thread_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    account_id uuid,
    project_id uuid,
    is_public boolean DEFAULT false,
    metadata jsonb DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE public.agent_runs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    thread_id uuid NOT NULL,
    status text NOT NULL DEFAULT 'running',
    started_at timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz,
    error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE public.usage_logs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid,
    thread_id uuid,
    message_id uuid,
    total_prompt_tokens integer NOT NULL DEFAULT 0,
    total_completion_tokens integer NOT NULL DEFAULT 0,
    total_tokens integer NOT NULL DEFAULT 0,
    estimated_cost numeric(10, 6) NOT NULL DEFAULT 0,
    content jsonb,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE public.credit_usage (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL,
    amount_dollars numeric(10, 2) NOT NULL,
    thread_id uuid,
    message_id uuid,
    description text,
    usage_type text DEFAULT 'token_overage',
    created_at timestamptz NOT NULL DEFAULT now(),
    subscription_tier text,
    metadata jsonb DEFAULT '{}'
);

-- How the demo tells these tables from another application's.
COMMENT ON TABLE public.usage_logs IS 'Creditpulse: one row a call of a model';
