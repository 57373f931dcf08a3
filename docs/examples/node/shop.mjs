// A client of the API, as short as possible. Yours takes the place of this file.
export class ArtQrError extends Error {
  constructor(status, code, text) {
    super(`${status} ${code} ${text}`.trim());
    this.status = status;
    this.code = code;
  }
}

export class ArtQrClient {
  constructor(baseUrl, appCode) {
    this.baseUrl = baseUrl;
    this.appCode = appCode;
  }

  submit(fields) {
    return this.#call("/submitTask", fields);
  }

  query(taskId) {
    return this.#call("/queryTask", { task_id: taskId });
  }

  async #call(path, fields) {
    const answer = await fetch(this.baseUrl + path, {
      method: "POST",
      headers: {
        Authorization: `APPCODE ${this.appCode}`,
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
      },
      body: new URLSearchParams(fields).toString(),
    });
    const code = answer.headers.get("X-Ca-Error-Code") ?? "";
    if (code) throw new ArtQrError(answer.status, code, answer.headers.get("X-Ca-Error-Message"));
    const content = await answer.json();
    const body = content.showapi_res_body ?? content;
    if (String(body.ret_code) !== "0") throw new ArtQrError(answer.status, "", body.remark);
    return body;
  }
}
