"""The storage that the settings ask for."""

from edgemeter_server.artifacts.local_storage import LocalStorage
from edgemeter_server.artifacts.storage import Storage, StorageUnavailableError
from edgemeter_server.settings import Settings


def open_storage(settings: Settings) -> Storage:
    """Raises StorageError where the folder cannot be used, or the package for S3 is not installed."""
    folder = settings.data_folder / "artifacts"
    if settings.s3_url is None:
        return LocalStorage(folder)
    try:
        from edgemeter_server.artifacts.s3_storage import S3Storage
    except ModuleNotFoundError:
        message = "artifacts in S3 need the obstore package; try: pip install 'edgemeter[s3]'"
        raise StorageUnavailableError(message) from None
    return S3Storage(settings.s3_url, folder / "incoming", settings.s3_endpoint)
