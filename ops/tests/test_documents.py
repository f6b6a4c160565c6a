"""`./parley documents`: written, compared, and a stale copy named."""

import pytest

from parley_ops import documents
from parley_ops.errors import OperationError


def test_a_copy_that_is_not_up_to_date_is_named(tmp_path):
    folder = tmp_path / documents.FOLDER
    folder.mkdir(parents=True)
    documents.write(tmp_path)
    documents.check(tmp_path)
    (folder / "asyncapi.json").write_text("{}")
    (folder / "openapi.json").unlink()
    with pytest.raises(OperationError, match=r"openapi\.json, asyncapi\.json .*\./parley documents"):
        documents.check(tmp_path)
