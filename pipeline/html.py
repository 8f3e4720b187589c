"""HTML pages that need nothing else, from templates beside the modules that fill them."""

from pathlib import Path
from typing import Any

import jinja2


def render_html(template: Path, **values: Any) -> str:
    """Fill a template. All text is escaped, since ids, labels and glosses are other people's; no value may be missing.

    Args:
        template: the Jinja file.
        values: what it names.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template.parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template.name).render(**values)
