"""Writes the jobs of an APScheduler 3 job store as JSON, for `everybeat import jobs.json --from apscheduler`.

Run it inside the application, with the job store that the application uses:

    from export_apscheduler import export_jobs
    print(export_jobs(scheduler))

The scheduler must have been started (paused is enough: scheduler.start(paused=True)), so that it has read its store.
"""
import json


def export_jobs(scheduler):
    document = {"timezone": str(scheduler.timezone), "jobs": [export_job(job) for job in scheduler.get_jobs()]}
    return json.dumps(document, indent=2, default=str)


def export_job(job):
    return {
        "id": job.id,
        "name": job.name,
        "func": job.func_ref,
        "args": list(job.args),
        "kwargs": dict(job.kwargs),
        "trigger": export_trigger(job.trigger),
        "misfire_grace_time": job.misfire_grace_time,
        "coalesce": job.coalesce,
        "max_instances": job.max_instances,
        "executor": job.executor,
        "next_run_time": instant(job.next_run_time),
    }


def export_trigger(trigger):
    kind = type(trigger).__name__
    if kind == "DateTrigger":
        return {"type": "date", "run_date": instant(trigger.run_date)}
    common = {
        "timezone": str(trigger.timezone) if getattr(trigger, "timezone", None) else None,
        "start_date": instant(getattr(trigger, "start_date", None)),
        "end_date": instant(getattr(trigger, "end_date", None)),
        "jitter": getattr(trigger, "jitter", None),
    }
    if kind == "IntervalTrigger":
        return {"type": "interval", "seconds": trigger.interval.total_seconds(), **common}
    if kind == "CronTrigger":
        fields = {field.name: str(field) for field in trigger.fields if not field.is_default}
        return {"type": "cron", "fields": fields, **common}
    return {"type": kind}


def instant(value):
    return value.isoformat() if value is not None else None
