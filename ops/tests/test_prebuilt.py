"""A web app built elsewhere: unpacked where it is of these sources, refused with a sentence otherwise."""

import io
import shutil
import tarfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley_ops.errors import OperationError
from parley_ops.webapp import build, prebuilt, sources

SITE = "site-0123456789abcdef"


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def archive_of(names, to):
    with tarfile.open(to, "w") as out:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size = 4
            out.addfile(entry, io.BytesIO(b"body"))
    return to


@pytest.fixture
def source(tmp_path):
    """A checkout with nothing in it but what the hash of a build reads."""
    source = tmp_path / "source"
    for name in (*sources.PACKAGES, "app/web", "ops/parley_ops/webapp"):
        (source / name).mkdir(parents=True)
    (source / "requirements.lock").write_text("")
    return source


@pytest.fixture
def built(source, tmp_path):
    """The site of that checkout, as another machine built it, and its archive."""
    site = tmp_path / "elsewhere" / f"site-{sources.fingerprint(source, with_snapshot=True)}"
    (site / "parley-abc").mkdir(parents=True)
    (site / "index.html").write_text("<!doctype html>")
    (site / "parley-abc" / "boot.js.br").write_bytes(bytes(range(256)))
    prebuilt.pack(site, tmp_path / "app.tar")
    return site


def test_a_given_app_takes_the_place_of_a_build(source, built, tmp_path):
    said = []
    (tmp_path / "home").mkdir()
    site = build.ensure_site(source, tmp_path / "home", said.append, given=tmp_path / "app.tar")
    assert (site.name, tree(site)) == (built.name, tree(built))
    assert not said
    (tmp_path / "app.tar").unlink()
    assert build.ensure_site(source, tmp_path / "home", said.append, given=tmp_path / "app.tar") == site
    prebuilt.pack(site, tmp_path / "again.tar")
    prebuilt.pack(built, tmp_path / "app.tar")
    assert (tmp_path / "again.tar").read_bytes() == (tmp_path / "app.tar").read_bytes()


def test_an_app_without_snapshot_is_taken_too(source, built, tmp_path):
    plain = built.with_name(f"site-{sources.fingerprint(source, with_snapshot=False)}")
    shutil.move(built, plain)
    prebuilt.pack(plain, tmp_path / "app.tar")
    (tmp_path / "home").mkdir()
    for _ in range(2):
        site = build.ensure_site(source, tmp_path / "home", print, given=tmp_path / "app.tar")
        assert site.name == plain.name


def test_an_app_of_other_sources_is_refused(source, built, tmp_path):
    (source / "app" / "web" / "changed.js").write_text("")
    (tmp_path / "home").mkdir()
    with pytest.raises(OperationError, match=rf"other sources \({built.name}; this checkout's is site-"):
        build.ensure_site(source, tmp_path / "home", print, given=tmp_path / "app.tar")
    assert not list((tmp_path / "home" / "webapp").glob("site-*"))


def test_a_file_that_is_none_is_refused(tmp_path):
    with pytest.raises(OperationError, match="No such file"):
        prebuilt.unpack(tmp_path / "none.tar", tmp_path, [SITE])
    for body in (b"", b"no archive" * 200):
        (tmp_path / "app.tar").write_bytes(body)
        with pytest.raises(OperationError, match=r"no web app of \./parley build-app"):
            prebuilt.unpack(tmp_path / "app.tar", tmp_path, [SITE])


def test_a_torn_archive_leaves_no_site(built, tmp_path):
    body = (tmp_path / "app.tar").read_bytes()
    (tmp_path / "torn.tar").write_bytes(body[:700])
    with pytest.raises(OperationError):
        prebuilt.unpack(tmp_path / "torn.tar", tmp_path, [built.name])
    assert not (tmp_path / built.name).exists()


NAMES = st.one_of(
    st.sampled_from([f"{SITE}/../x", f"/{SITE}/x", "../x", SITE, "site-other/x", f"{SITE}/a/../../../x"]),
    st.lists(st.sampled_from([SITE, "..", ".", "a", "", "/"]), min_size=1, max_size=5).map("/".join),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(names=st.lists(NAMES, min_size=1, max_size=4))
def test_nothing_is_written_outside_the_folder(tmp_path, names):
    place = tmp_path / "deep" / "er" / "place"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    archive = archive_of([f"{SITE}/index.html", *names], tmp_path / "app.tar")
    try:
        prebuilt.unpack(archive, place, [SITE])
    except OperationError:
        assert not (place / SITE).exists()
    else:
        assert (place / SITE / "index.html").read_bytes() == b"body"
    assert set(tree(tmp_path)) - {"app.tar"} <= {f"deep/er/place/{name}" for name in tree(place)}
    assert {path.name for path in place.iterdir()} <= {SITE, f"{SITE}.new"}


def test_a_link_is_refused(tmp_path):
    with tarfile.open(tmp_path / "app.tar", "w") as out:
        link = tarfile.TarInfo(f"{SITE}/index.html")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        out.addfile(link)
    with pytest.raises(OperationError, match=r"it holds site-\w+/index\.html"):
        prebuilt.unpack(tmp_path / "app.tar", tmp_path, [SITE])


def test_the_operator_names_the_file(tmp_path, monkeypatch):
    monkeypatch.delenv(prebuilt.VARIABLE, raising=False)
    assert prebuilt.given(tmp_path) is None
    (tmp_path / "app.tar").write_bytes(b"")
    assert prebuilt.given(tmp_path) == tmp_path / "app.tar"
    monkeypatch.setenv(prebuilt.VARIABLE, "/elsewhere/app.tar")
    assert str(prebuilt.given(tmp_path)) == "/elsewhere/app.tar"
