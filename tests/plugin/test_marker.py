"""The marker: it sets up the world of a test, and refuses wrong arguments."""

import pytest


def test_the_marker_says_what_the_world_is_like(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest
        from shop import submit

        pytestmark = pytest.mark.artqr(credits=7, readings={"charge.polls": "submit-only"})

        @pytest.mark.artqr(credits=1, readings={"refusal.status": "200"}, clock={"frozen": True},
                           seed=42, faults=["D504TO", {"remark": "later", "calls": 1}])
        def test_near_and_far(artqr):
            assert artqr.bill.balance == 1
            assert artqr.readings["charge.polls"] == "submit-only"
            assert dict(artqr.readings)["refusal.status"] == "200"
            assert [each["code"] for each in artqr.faults.all()] == ["D504TO", None]
            assert artqr.clock.now == artqr.clock.now
            assert artqr.seed == 42
            assert submit(artqr).status == 504

        def test_far_only(artqr):
            assert artqr.bill.balance == 7
            assert submit(artqr).status == 200
        """
    )

    project.runpytest_inprocess().assert_outcomes(passed=2)


def test_a_scenario_is_what_the_world_starts_as(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest
        from shop import call, submit

        @pytest.mark.artqr(scenario="quota-runs-out", readings={"charge.polls": "submit-only"},
                           faults=[{"code": "D504TO", "operation": "list_tasks", "calls": 1}])
        def test_quota(artqr):
            answers = [submit(artqr, f"https://example.com/{number}") for number in range(4)]
            assert [each.status for each in answers] == [200, 200, 200, 403]
            assert answers[-1].headers["X-Ca-Error-Code"] == "B403MQ"
            assert artqr.readings["charge.polls"] == "submit-only"
            assert call(artqr, "/taskList").status == 504

        @pytest.mark.artqr(scenario="everything-otherwise")
        def test_shapes(artqr):
            assert "showapi_res_body" not in submit(artqr).json()
        """
    )

    project.runpytest_inprocess().assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("marker", "says"),
    [
        ("credit=3", "*unknown argument 'credit'; did you mean 'credits'?*"),
        ("colour=3", "*unknown argument 'colour'; valid: scenario, credits, *"),
        ("3", "*takes no bare values such as 3: name them*"),
        ("readings={'x': 'y'}", "*unknown reading 'x'; valid: *"),
        ("readings=['x']", "*readings=*write ids and words, such as {'refusal.status': *"),
        ("readings={3: '200'}", "*readings={3: '200'}: write ids and words*"),
        ("readings={'refusal.status': 200}", "*readings=*200}: write ids and words, such as*"),
        ("readings={'refusal.status': '450 '}", "*refusal.status takes '450' or '200', not '450 '"),
        ("credits=-1", "*the world of *test_it cannot be made: *artqr: credits=-1: write a whole*"),
        ("credits=True", "*credits=True: write a whole number from 0 up*"),
        ("credits=10**30", "*the world of *test_it cannot be made: @pytest.mark.artqr: *credits*"),
        ("seed=1.5", "*seed=1.5: write a whole number from 0 up*"),
        ("clock={'frozen': {1}}", "*clock={'frozen': {1}}: write what the clock is like*"),
        ("clock={'frozn': True}", "*@pytest.mark.artqr: *frozn*"),
        ("scenario=b'arrears'", "*scenario=b'arrears': write the name of one*"),
        ("faults=[{3: 4}]", "*fault {3: 4}: write a code such as*"),
        ("faults=[{'code': {4}}]", "*fault {'code': {4}}: write a code such as*"),
        ("faults=[{'code': [object()]}]", "*fault {'code': *object*}: write a code such as*"),
        ("faults=[{'self': float('nan')}]", "*fault {'self': nan}: write a code such as*"),
        ("faults=[{'self': 1}]", "*@pytest.mark.artqr: name the kind of fault, or one of code *"),
        ("max_yuan='much'", "*max_yuan='much': write a number of yuan, such as 2.80*"),
        ("max_yuan=float('nan')", "*max_yuan=nan: write a number of yuan, such as 2.80*"),
        ("faults=[b'D504TO']", "*fault b'D504TO': write a code such as*"),
        ("faults=['x' * 9999]", "*@pytest.mark.artqr: *xxx*"),
        ("faults=['Z999ZZ']", "*unknown error code 'Z999ZZ'*"),
        ("faults='D504TO'", "*faults='D504TO': write a list*"),
        ("faults=[3]", "*fault 3: write a code such as*"),
        ("scenario='no such one'", "*unknown scenario 'no such one'; valid: *"),
        ("scenario='arrears', credits=1", "*scenario='arrears' says what credits there is*"),
    ],
)
def test_a_marker_that_cannot_be_is_refused_with_what_can(
    project: pytest.Pytester, marker: str, says: str
) -> None:
    project.makepyfile(
        f"""
        import pytest

        @pytest.mark.artqr({marker})
        def test_it(artqr):
            pass

        def test_next(artqr):
            pass
        """
    )

    result = project.runpytest_inprocess()

    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines([says])


def test_a_marker_is_refused_without_the_fixture_too(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest

        @pytest.mark.artqr(max_yuan=-1)
        def test_it(artqr_server):
            pass
        """
    )

    result = project.runpytest_inprocess()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["the world of *test_it cannot be made: *: max_yuan=-1: write *"])
