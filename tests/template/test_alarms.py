"""The alarms: what raises them, and who is told."""

import json
import re
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from app.aws.worker import create_handler
from app.runtime.telemetry import FIGURES, NAMESPACE, SERVICE, WORKER, JsonFormatter
from app.settings import Settings
from tests.template.stack import Stack, stack

TOPIC = [{"Ref": "AlarmTopic"}]


def raised_by(alarm: dict[str, Any]) -> tuple[Any, ...]:
    """Return the metric, how it is summed up, and what it is compared with."""
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    statistic = alarm.get("Statistic") or alarm["ExtendedStatistic"]
    return alarm["Namespace"], alarm["MetricName"], statistic, alarm["Threshold"]


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("ErrorAlarm", ("AWS/ApiGateway", "5XXError", "Average", 0.05)),
        ("SlowAlarm", ("AWS/ApiGateway", "Latency", "p99", 26000)),
        ("ThrottleAlarm", ("AWS/Lambda", "Throttles", "Sum", 0)),
        ("WorkerErrorAlarm", ("AWS/Lambda", "Errors", "Sum", 0)),
        ("FailedMessageAlarm", ({"Fn::Sub": "Kohonen/${AWS::StackName}"}, "FailedMessages", "Sum", 0)),
        ("OldMessageAlarm", ("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", 3600)),
        ("DeadJobAlarm", ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", 0)),
    ],
)
def test_an_alarm_is_raised_by_its_metric(name: str, metric: tuple[Any, ...], either: Stack) -> None:
    assert raised_by(either.properties(name)) == metric


def test_an_alarm_looks_at_what_is_there(either: Stack) -> None:
    dimensions = {
        name: {entry["Name"]: entry["Value"] for entry in alarm.get("Dimensions", [])}
        for name, alarm in either.of_type("AWS::CloudWatch::Alarm").items()
    }
    (api,) = either.of_type("AWS::ApiGateway::RestApi").values()
    gateway = {"ApiName": api["Name"], "Stage": "Prod"}
    assert api["Name"] == api["Body"]["info"]["title"] == {"Ref": "AWS::StackName"}
    assert dimensions == {
        "ErrorAlarm": gateway,
        "SlowAlarm": gateway,
        "ThrottleAlarm": {"FunctionName": {"Ref": "Function"}},
        "WorkerErrorAlarm": {"FunctionName": {"Ref": "Worker"}},
        "FailedMessageAlarm": {},
        "OldMessageAlarm": {"QueueName": {"Fn::GetAtt": ["JobQueue", "QueueName"]}},
        "DeadJobAlarm": {"QueueName": {"Fn::GetAtt": ["DeadJobQueue", "QueueName"]}},
    }


def test_a_message_that_failed_is_counted(either: Stack, caplog: pytest.LogCaptureFixture) -> None:
    alarm = either.properties("FailedMessageAlarm")
    counting = either.properties("FailedMessages")
    assert counting["LogGroupName"] == {"Ref": "WorkerLog"}
    (metric,) = counting["MetricTransformations"]
    assert (metric["MetricNamespace"], metric["MetricName"]) == (alarm["Namespace"], alarm["MetricName"])

    handler = create_handler(Settings(store="memory:", queue="https://sqs.eu-west-1.amazonaws.com/1/jobs"))
    record = {"messageId": "1", "receiptHandle": "x", "body": "?", "eventSource": "aws:sqs"}
    record["attributes"] = {"ApproximateReceiveCount": "1"}  # type: ignore[assignment]
    with patch("app.jobs.queue.sqs.SqsQueue.hide"):
        handler({"Records": [record]}, SimpleNamespace(get_remaining_time_in_millis=lambda: 1000))
    line = json.loads(JsonFormatter(WORKER).format(caplog.records[-1]))
    said = " && ".join(f'$.{name} = "{line[name]}"' for name in ("logger", "level"))
    assert counting["FilterPattern"] == f"{{ {said} }}"


def test_a_training_that_takes_the_time_that_it_may_is_not_slow(plain: Stack) -> None:
    longest = 1000 * Settings.model_fields["max_training_seconds"].default
    timeout = 1000 * plain.properties("Function")["Timeout"]
    assert longest < plain.properties("SlowAlarm")["Threshold"] < timeout
    assert stack(SlowMilliseconds="500").properties("SlowAlarm")["Threshold"] == 500


def test_the_topic_is_told_of_every_alarm_and_of_its_end(either: Stack) -> None:
    for alarm in either.of_type("AWS::CloudWatch::Alarm").values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == TOPIC
        assert alarm["TreatMissingData"] == "notBreaching"
        assert alarm["AlarmDescription"]
    assert either.outputs["AlarmTopicArn"]["Value"] == {"Ref": "AlarmTopic"}


def test_a_budget_warns_the_address(plain: Stack, everything: Stack) -> None:
    assert not plain.of_type("AWS::Budgets::Budget")
    budget = everything.properties("Budget")
    assert budget["Budget"]["BudgetLimit"] == {"Amount": 20, "Unit": "USD"}
    assert (
        stack(AlarmEmail="a@b", MonthlyBudget="50").properties("Budget")["Budget"]["BudgetLimit"]["Amount"]
        == 50
    )
    warned = {
        (entry["Notification"]["NotificationType"], entry["Notification"]["Threshold"])
        for entry in budget["NotificationsWithSubscribers"]
    }
    assert warned == {("ACTUAL", 80), ("FORECASTED", 100)}
    for entry in budget["NotificationsWithSubscribers"]:
        assert entry["Subscribers"] == [{"SubscriptionType": "EMAIL", "Address": "som@maps.example"}]


def test_the_dashboard_shows_what_is_there(either: Stack) -> None:
    body = json.loads(either.properties("Dashboard")["DashboardBody"]["Fn::Sub"])
    *graphs, alarms = (widget["properties"] for widget in body["widgets"])
    assert set(alarms["alarms"]) == {f"${{{name}.Arn}}" for name in either.of_type("AWS::CloudWatch::Alarm")}
    names = {
        part for graph in graphs for metric in graph["metrics"] for part in metric if isinstance(part, str)
    }
    for name in re.findall(r"\$\{(\w+)[}.]", str(names)):
        assert name == "AWS" or name in either.resources
    own = {"".join(word.capitalize() for word in figure.split("_")) for figure in FIGURES}
    shown = {metric[1] for graph in graphs for metric in graph["metrics"] if metric[0] == NAMESPACE}
    assert shown
    assert shown <= own
    assert {SERVICE, WORKER} <= names


def test_an_address_is_told_where_there_is_one(plain: Stack, everything: Stack) -> None:
    assert not plain.of_type("AWS::SNS::Subscription")
    (subscription,) = everything.of_type("AWS::SNS::Subscription").values()
    assert subscription == {
        "TopicArn": {"Ref": "AlarmTopic"},
        "Protocol": "email",
        "Endpoint": "som@maps.example",
    }
